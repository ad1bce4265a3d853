"""More hand-written pairs: small talk, family, travel, opinions."""

from __future__ import annotations

MORE = """
I have a big family.|J'ai une grande famille.
I have a small family.|J'ai une petite famille.
My family lives in Lyon.|Ma famille habite à Lyon.
His family lives in London.|Sa famille habite à Londres.
Do you have a big family?|Avez-vous une grande famille ?
She loves her family.|Elle aime sa famille.
My whole family is here.|Toute ma famille est là.
This is my family.|Voici ma famille.
We are a family.|Nous sommes une famille.
Say hello to your family.|Dites bonjour à votre famille.
Say hello to your parents.|Dites bonjour à vos parents.
Say hello to Julie.|Dites bonjour à Julie.
He said hello to me.|Il m'a dit bonjour.
She said goodbye to us.|Elle nous a dit au revoir.
They said goodbye to him.|Ils lui ont dit au revoir.
He said nothing.|Il n'a rien dit.
I saw nothing.|Je n'ai rien vu.
We did nothing yesterday.|Nous n'avons rien fait hier.
There is nothing in the fridge.|Il n'y a rien dans le frigo.
There is nothing on the table.|Il n'y a rien sur la table.
There is nobody in the house.|Il n'y a personne dans la maison.
There is nobody in the street.|Il n'y a personne dans la rue.
There is someone at the door.|Il y a quelqu'un à la porte.
There is something in the box.|Il y a quelque chose dans la boîte.
Is there anyone here?|Est-ce qu'il y a quelqu'un ici ?
Is anyone hungry?|Est-ce que quelqu'un a faim ?
Someone called you this morning.|Quelqu'un vous a appelé ce matin.
Someone took my bag.|Quelqu'un a pris mon sac.
Someone is waiting for you.|Quelqu'un vous attend.
You are right.|Vous avez raison.
You are wrong.|Vous avez tort.
He is always right.|Il a toujours raison.
She is always right.|Elle a toujours raison.
I was wrong.|J'avais tort.
He is often late.|Il est souvent en retard.
She is always late.|Elle est toujours en retard.
They are always late.|Ils sont toujours en retard.
You are never late.|Vous n'êtes jamais en retard.
Are you still here?|Êtes-vous encore ici ?
He is still asleep.|Il dort encore.
She is still at work.|Elle est encore au travail.
They are still on holiday.|Ils sont encore en vacances.
The children are still at school.|Les enfants sont encore à l'école.
It is still raining.|Il pleut encore.
I am still hungry.|J'ai encore faim.
Are you still hungry?|Avez-vous encore faim ?
He is late again.|Il est encore en retard.
She is ill again.|Elle est encore malade.
I lost my keys again.|J'ai encore perdu mes clés.
He forgot his passport again.|Il a encore oublié son passeport.
Can I have another glass of water?|Est-ce que je peux avoir un autre verre d'eau ?
I would like another coffee, please.|Je voudrais un autre café, s'il vous plaît.
I would like another tea, please.|Je voudrais un autre thé, s'il vous plaît.
Do you have another colour?|Avez-vous une autre couleur ?
I have another question.|J'ai une autre question.
I have another idea.|J'ai une autre idée.
He has another brother.|Il a un autre frère.
Is there another train tonight?|Est-ce qu'il y a un autre train ce soir ?
Where is the other key?|Où est l'autre clé ?
Where is the other shoe?|Où est l'autre chaussure ?
I prefer the other one.|Je préfère l'autre.
They know each other well.|Ils se connaissent bien.
They help each other.|Ils s'aident.
They write to each other every week.|Ils s'écrivent toutes les semaines.
We know each other.|Nous nous connaissons.
We see each other every day.|Nous nous voyons tous les jours.
We live together.|Nous habitons ensemble.
They work together.|Ils travaillent ensemble.
They travel together.|Ils voyagent ensemble.
Let's go together.|Allons-y ensemble.
We always eat together.|Nous mangeons toujours ensemble.
Are you together?|Êtes-vous ensemble ?
I am sure that he is right.|Je suis sûr qu'il a raison.
I am sure that she is at home.|Je suis sûr qu'elle est à la maison.
Are you sure that he is ill?|Êtes-vous sûr qu'il est malade ?
We are sure.|Nous sommes sûrs.
He is not sure.|Il n'est pas sûr.
It is true that he is ill.|C'est vrai qu'il est malade.
It is true, I saw him.|C'est vrai, je l'ai vu.
This story is true.|Cette histoire est vraie.
This story isn't true.|Cette histoire n'est pas vraie.
Tell me the truth.|Dites-moi la vérité.
It is not possible today.|Ce n'est pas possible aujourd'hui.
Everything is possible.|Tout est possible.
Everything is ready.|Tout est prêt.
Is everything ready?|Est-ce que tout est prêt ?
Everything is fine.|Tout va bien.
Is everything all right?|Est-ce que tout va bien ?
Everything is too expensive here.|Tout est trop cher ici.
Everything is closed on Sundays.|Tout est fermé le dimanche.
I have forgotten everything.|J'ai tout oublié.
He knows everything.|Il sait tout.
I understand everything.|Je comprends tout.
She told me everything.|Elle m'a tout dit.
That is all.|C'est tout.
Is that all?|C'est tout ?
That's all for today.|C'est tout pour aujourd'hui.
Do you pay by card?|Payez-vous par carte ?
I would like to pay by card.|Je voudrais payer par carte.
We paid by card.|Nous avons payé par carte.
He never pays by card.|Il ne paie jamais par carte.
Can we have the menu, please?|Est-ce que nous pouvons avoir la carte, s'il vous plaît ?
Are you free tonight?|Êtes-vous libre ce soir ?
Are you free tomorrow?|Êtes-vous libre demain ?
Are you free on Saturday?|Êtes-vous libre samedi ?
I am free this afternoon.|Je suis libre cet après-midi.
I am not free on Monday.|Je ne suis pas libre lundi.
She is free tomorrow evening.|Elle est libre demain soir.
Is this seat free?|Est-ce que cette place est libre ?
This seat is taken.|Cette place est prise.
Is this table free?|Est-ce que cette table est libre ?
Are you free tonight, Marie?|Tu es libre ce soir, Marie ?
I am looking for my seat.|Je cherche ma place.
Be quiet, please!|Taisez-vous, s'il vous plaît !
Be quiet, the baby is sleeping!|Taisez-vous, le bébé dort !
The baby is sleeping.|Le bébé dort.
The baby is crying.|Le bébé pleure.
The baby is hungry.|Le bébé a faim.
The baby is very small.|Le bébé est très petit.
The baby is drinking milk.|Le bébé boit du lait.
My sister has a baby.|Ma sœur a un bébé.
What is the baby's name?|Comment s'appelle le bébé ?
How old is the baby?|Quel âge a le bébé ?
This street is quiet.|Cette rue est calme.
This village is very quiet.|Ce village est très calme.
Our neighbours are very quiet.|Nos voisins sont très calmes.
Be careful in the street!|Faites attention dans la rue !
Be careful, my love!|Fais attention, mon amour !
Be careful with this knife.|Faites attention avec ce couteau.
Be careful, Dad!|Fais attention, papa !
The police are here.|La police est là.
He called the police.|Il a appelé la police.
We called the police.|Nous avons appelé la police.
The police found my car.|La police a trouvé ma voiture.
Wait five minutes, please.|Attendez cinq minutes, s'il vous plaît.
I will be there in ten minutes.|Je serai là dans dix minutes.
The bus leaves in five minutes.|Le bus part dans cinq minutes.
The train leaves in twenty minutes.|Le train part dans vingt minutes.
It is ten minutes from here.|C'est à dix minutes d'ici.
It is five minutes by bus.|C'est à cinq minutes en bus.
I will be back in an hour.|Je serai de retour dans une heure.
He will be back tomorrow.|Il sera de retour demain.
She will be back soon.|Elle sera bientôt de retour.
We will be back on Monday.|Nous serons de retour lundi.
I am back.|Je suis de retour.
The train is going to leave soon.|Le train va bientôt partir.
The film is going to start soon.|Le film va bientôt commencer.
Dinner is ready.|Le dîner est prêt.
Lunch is ready.|Le déjeuner est prêt.
Breakfast is ready.|Le petit déjeuner est prêt.
Is dinner ready?|Est-ce que le dîner est prêt ?
Mum, is dinner ready?|Maman, est-ce que le dîner est prêt ?
What is there for dinner?|Qu'est-ce qu'il y a pour le dîner ?
What are we eating tonight?|Que mangeons-nous ce soir ?
Breakfast is at eight o'clock.|Le petit déjeuner est à huit heures.
Dinner is at seven o'clock.|Le dîner est à sept heures.
I stayed there for two nights.|J'y suis resté deux nuits.
We stayed there for three nights.|Nous y sommes restés trois nuits.
I am going there tomorrow.|J'y vais demain.
We are going there on Saturday.|Nous y allons samedi.
We go there every summer.|Nous y allons tous les étés.
I go there every week.|J'y vais toutes les semaines.
They live there.|Ils y habitent.
She works there.|Elle y travaille.
I want some.|J'en veux.
I don't want any.|Je n'en veux pas.
I have two.|J'en ai deux.
We have three.|Nous en avons trois.
I would like some more.|J'en voudrais encore.
Do you want some more?|En voulez-vous encore ?
I need it.|J'en ai besoin.
What a beautiful day!|Quelle belle journée !
What a beautiful house!|Quelle belle maison !
What a beautiful dress!|Quelle belle robe !
What a good idea!|Quelle bonne idée !
What a surprise!|Quelle surprise !
It is a surprise.|C'est une surprise.
I have a surprise for you.|J'ai une surprise pour vous.
How beautiful!|Que c'est beau !
What is the date of your birthday?|Quelle est la date de votre anniversaire ?
When is your birthday?|Quand est votre anniversaire ?
My birthday is in May.|Mon anniversaire est en mai.
Today is my birthday.|Aujourd'hui, c'est mon anniversaire.
What is your name, please?|Comment vous appelez-vous, s'il vous plaît ?
What is the name of this street?|Comment s'appelle cette rue ?
What is the name of this village?|Comment s'appelle ce village ?
What is the name of this song?|Comment s'appelle cette chanson ?
I forgot your name.|J'ai oublié votre nom.
I don't know his name.|Je ne connais pas son nom.
I know your name.|Je connais votre nom.
Do you know her address?|Connaissez-vous son adresse ?
I don't know your address.|Je ne connais pas votre adresse.
Give me your address, please.|Donnez-moi votre adresse, s'il vous plaît.
This is my address.|Voici mon adresse.
I don't have your phone number.|Je n'ai pas votre numéro de téléphone.
Give me your phone number.|Donnez-moi votre numéro de téléphone.
Here is my phone number.|Voici mon numéro de téléphone.
Here is your coffee.|Voici votre café.
Here is your key, sir.|Voici votre clé, monsieur.
Here are your tickets, madam.|Voici vos billets, madame.
Here is the bill, sir.|Voici l'addition, monsieur.
Here they are!|Les voici !
I like my job.|J'aime mon travail.
I don't like my job.|Je n'aime pas mon travail.
She has a new job.|Elle a un nouveau travail.
He found a job in Paris.|Il a trouvé un travail à Paris.
My brother lost his job.|Mon frère a perdu son travail.
Do you like your job?|Aimez-vous votre travail ?
It is a difficult job.|C'est un travail difficile.
I miss my family.|Ma famille me manque.
I miss my friends.|Mes amis me manquent.
I miss France.|La France me manque.
We miss you.|Vous nous manquez.
She misses her brother.|Son frère lui manque.
Have a good time!|Amusez-vous bien !
Enjoy your meal, everyone!|Bon appétit à tous !
Have a good trip, Anna!|Bon voyage, Anna !
How was your trip?|Comment s'est passé votre voyage ?
How was your day?|Comment s'est passée votre journée ?
How was the film?|Comment était le film ?
How was the party?|Comment était la fête ?
How was the exam?|Comment était l'examen ?
The trip was very long.|Le voyage était très long.
Please come in.|Entrez, s'il vous plaît.
Come in, madam.|Entrez, madame.
After you, sir.|Après vous, monsieur.
After you, madam.|Après vous, madame.
I am just looking, thank you.|Je regarde seulement, merci.
I only speak English.|Je parle seulement anglais.
I only have ten euros.|J'ai seulement dix euros.
I need your help.|J'ai besoin de votre aide.
He needs our help.|Il a besoin de notre aide.
Do you need help?|Avez-vous besoin d'aide ?
Can you call a taxi, please?|Pouvez-vous appeler un taxi, s'il vous plaît ?
I would like a taxi, please.|Je voudrais un taxi, s'il vous plaît.
The taxi is here.|Le taxi est là.
Let's take a taxi.|Prenons un taxi.
We came by taxi.|Nous sommes venus en taxi.
To the airport, please.|À l'aéroport, s'il vous plaît.
To the station, please.|À la gare, s'il vous plaît.
Turn left after the bank.|Tournez à gauche après la banque.
Turn right after the church.|Tournez à droite après l'église.
Go straight on.|Allez tout droit.
Go straight on and turn left.|Allez tout droit et tournez à gauche.
Go straight on, then turn right.|Allez tout droit, puis tournez à droite.
It is on the left.|C'est à gauche.
It is on the right.|C'est à droite.
It is near here.|C'est près d'ici.
It is next to the bank.|C'est à côté de la banque.
It is opposite the station.|C'est en face de la gare.
It is behind the church.|C'est derrière l'église.
I took the bus and then the train.|J'ai pris le bus, puis le train.
I eat bread and cheese.|Je mange du pain et du fromage.
I have a brother and a sister.|J'ai un frère et une sœur.
He has a dog and two cats.|Il a un chien et deux chats.
My father and my mother are here.|Mon père et ma mère sont là.
Paul and Marie are getting married.|Paul et Marie se marient.
She is tall and beautiful.|Elle est grande et belle.
He is young and rich.|Il est jeune et riche.
I am tired and hungry.|Je suis fatigué et j'ai faim.
Coffee or tea?|Café ou thé ?
Do you prefer coffee or tea?|Préférez-vous le café ou le thé ?
Do you prefer summer or winter?|Préférez-vous l'été ou l'hiver ?
Do you want water or milk?|Voulez-vous de l'eau ou du lait ?
Is it today or tomorrow?|Est-ce que c'est aujourd'hui ou demain ?
Is it true or not?|Est-ce que c'est vrai ou non ?
I like summer and winter.|J'aime l'été et l'hiver.
Summer is my favourite season.|L'été est ma saison préférée.
Winter is too long here.|L'hiver est trop long ici.
Today, I am not working.|Aujourd'hui, je ne travaille pas.
It was nice to see you.|J'étais content de vous voir.
I am happy to see you.|Je suis content de vous voir.
We are happy to see you.|Nous sommes contents de vous voir.
"""
