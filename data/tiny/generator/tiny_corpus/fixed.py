"""Pairs written by hand: greetings, set phrases, small talk, and what newcomers type first."""

from __future__ import annotations

from .fixed_more import MORE

_TABLE = """
Hello!|Bonjour !
Hello, how are you?|Bonjour, comment allez-vous ?
How are you?|Comment allez-vous ?
How are you?|Comment vas-tu ?
How are you today?|Comment allez-vous aujourd'hui ?
How are you, Paul?|Comment vas-tu, Paul ?
How are you, Marie?|Comment vas-tu, Marie ?
How are you, Mum?|Comment vas-tu, maman ?
How is your mother?|Comment va votre mère ?
How is your father?|Comment va votre père ?
How is your family?|Comment va votre famille ?
How are your parents?|Comment vont vos parents ?
How are your children?|Comment vont vos enfants ?
I am well, thank you.|Je vais bien, merci.
I am very well, thank you.|Je vais très bien, merci.
We are well, thank you.|Nous allons bien, merci.
My parents are well, thank you.|Mes parents vont bien, merci.
Very well, thank you.|Très bien, merci.
Not too bad, thank you.|Pas trop mal, merci.
And you, how are you?|Et vous, comment allez-vous ?
Good morning!|Bonjour !
Good morning, sir.|Bonjour, monsieur.
Good morning, madam.|Bonjour, madame.
Good morning, doctor.|Bonjour, docteur.
Good morning, children.|Bonjour, les enfants.
Good evening!|Bonsoir !
Good evening, sir.|Bonsoir, monsieur.
Good evening, madam.|Bonsoir, madame.
Good night!|Bonne nuit !
Good night, Mum.|Bonne nuit, maman.
Good night, Dad.|Bonne nuit, papa.
Good night, my love.|Bonne nuit, mon amour.
Good night, children.|Bonne nuit, les enfants.
Goodbye!|Au revoir !
Goodbye, sir.|Au revoir, monsieur.
Goodbye, madam.|Au revoir, madame.
Goodbye, and thank you.|Au revoir, et merci.
Goodbye, see you tomorrow.|Au revoir, à demain.
Goodbye, have a good day.|Au revoir, bonne journée.
See you tomorrow!|À demain !
See you tonight!|À ce soir !
See you soon!|À bientôt !
See you later!|À plus tard !
See you on Monday!|À lundi !
See you on Friday!|À vendredi !
See you on Saturday!|À samedi !
See you next week!|À la semaine prochaine !
See you tomorrow morning!|À demain matin !
Have a good day!|Bonne journée !
Have a good evening!|Bonne soirée !
Have a good weekend!|Bon week-end !
Have a good trip!|Bon voyage !
Have a good holiday!|Bonnes vacances !
Enjoy your meal!|Bon appétit !
Happy birthday!|Joyeux anniversaire !
Happy birthday, Mum!|Joyeux anniversaire, maman !
Happy birthday, Julie!|Joyeux anniversaire, Julie !
Happy birthday, my love!|Joyeux anniversaire, mon amour !
Happy New Year!|Bonne année !
Merry Christmas!|Joyeux Noël !
Merry Christmas, everyone!|Joyeux Noël à tous !
Good luck!|Bonne chance !
Good luck, Thomas!|Bonne chance, Thomas !
Good luck tomorrow!|Bonne chance pour demain !
Good luck with your exam!|Bonne chance pour votre examen !
Well done!|Bravo !
Well done, Emma!|Bravo, Emma !
Congratulations!|Félicitations !
Congratulations, Anna!|Félicitations, Anna !
Welcome!|Bienvenue !
Welcome to Paris!|Bienvenue à Paris !
Welcome to France!|Bienvenue en France !
Welcome to our house!|Bienvenue dans notre maison !
Cheers!|Santé !
Thank you.|Merci.
Thank you!|Merci !
Thank you very much.|Merci beaucoup.
Thank you very much, sir.|Merci beaucoup, monsieur.
Thank you very much, madam.|Merci beaucoup, madame.
Thank you for your help.|Merci pour votre aide.
Thank you for your letter.|Merci pour votre lettre.
Thank you for the flowers.|Merci pour les fleurs.
Thank you for the present.|Merci pour le cadeau.
Thank you for this evening.|Merci pour cette soirée.
Thank you for everything.|Merci pour tout.
Thank you for coming.|Merci d'être venu.
Thank you for waiting.|Merci d'avoir attendu.
Thank you for calling.|Merci d'avoir appelé.
Thank you, my friend.|Merci, mon ami.
You're welcome.|De rien.
You're welcome, madam.|De rien, madame.
No, thank you.|Non, merci.
Yes, please.|Oui, s'il vous plaît.
Yes, of course.|Oui, bien sûr.
Of course!|Bien sûr !
Of course not!|Bien sûr que non !
With pleasure.|Avec plaisir.
With pleasure, madam.|Avec plaisir, madame.
Excuse me.|Excusez-moi.
Excuse me, sir.|Excusez-moi, monsieur.
Excuse me, madam.|Excusez-moi, madame.
Excuse me, I am late.|Excusez-moi, je suis en retard.
Excuse me, what time is it?|Excusez-moi, quelle heure est-il ?
Excuse me, I don't understand.|Excusez-moi, je ne comprends pas.
Excuse me, do you speak English?|Excusez-moi, parlez-vous anglais ?
Sorry!|Désolé !
Sorry, I am late.|Désolé, je suis en retard.
Sorry, I don't know.|Désolé, je ne sais pas.
Sorry, I forgot.|Désolé, j'ai oublié.
Sorry, it is too late.|Désolé, c'est trop tard.
I am sorry.|Je suis désolé.
I am very sorry.|Je suis vraiment désolé.
I am sorry, I am busy.|Je suis désolé, je suis occupé.
I am sorry, we are closed.|Je suis désolé, nous sommes fermés.
She is sorry.|Elle est désolée.
We are sorry.|Nous sommes désolés.
It doesn't matter.|Ce n'est pas grave.
No problem.|Pas de problème.
There is no problem.|Il n'y a pas de problème.
I have a problem.|J'ai un problème.
We have a small problem.|Nous avons un petit problème.
What is the problem?|Quel est le problème ?
It is a big problem.|C'est un grand problème.
It isn't my problem.|Ce n'est pas mon problème.
Don't worry.|Ne vous inquiétez pas.
Don't worry, Mum.|Ne t'inquiète pas, maman.
Don't worry, my love.|Ne t'inquiète pas, mon amour.
Yes.|Oui.
No.|Non.
Yes, it is true.|Oui, c'est vrai.
No, it isn't true.|Non, ce n'est pas vrai.
Is it true?|Est-ce que c'est vrai ?
That's true.|C'est vrai.
That's right.|C'est exact.
I agree.|Je suis d'accord.
I agree with you.|Je suis d'accord avec vous.
I don't agree.|Je ne suis pas d'accord.
I don't agree with you.|Je ne suis pas d'accord avec vous.
We agree.|Nous sommes d'accord.
She agrees with me.|Elle est d'accord avec moi.
He doesn't agree with us.|Il n'est pas d'accord avec nous.
Do you agree?|Êtes-vous d'accord ?
OK!|D'accord !
OK, see you tomorrow.|D'accord, à demain.
OK, let's go.|D'accord, allons-y.
Let's go!|Allons-y !
Come on, let's go!|Allez, allons-y !
Perhaps.|Peut-être.
Perhaps tomorrow.|Peut-être demain.
Perhaps another time.|Peut-être une autre fois.
Why not?|Pourquoi pas ?
Why?|Pourquoi ?
Where?|Où ?
When?|Quand ?
Who?|Qui ?
How much?|Combien ?
How much is it?|C'est combien ?
How much does it cost?|Combien ça coûte ?
It is too expensive.|C'est trop cher.
It is very expensive.|C'est très cher.
It isn't expensive.|Ce n'est pas cher.
It is cheap.|C'est bon marché.
It is free.|C'est gratuit.
Is it free?|Est-ce que c'est gratuit ?
The museum is free on Sundays.|Le musée est gratuit le dimanche.
What time is it?|Quelle heure est-il ?
What time is it now?|Quelle heure est-il maintenant ?
What time is it, please?|Quelle heure est-il, s'il vous plaît ?
What day is it?|Quel jour sommes-nous ?
What day is it today?|Quel jour sommes-nous aujourd'hui ?
What is the date today?|Quelle est la date aujourd'hui ?
What is the weather like?|Quel temps fait-il ?
What is the weather like today?|Quel temps fait-il aujourd'hui ?
What is the weather like in Paris?|Quel temps fait-il à Paris ?
It is raining.|Il pleut.
It is raining again.|Il pleut encore.
It is snowing.|Il neige.
It is cold.|Il fait froid.
It is hot.|Il fait chaud.
It is very cold today.|Il fait très froid aujourd'hui.
It is a beautiful day.|C'est une belle journée.
The weather is fine.|Il fait beau.
The weather is bad.|Il fait mauvais.
The sun is shining.|Le soleil brille.
It is late.|Il est tard.
It is very late.|Il est très tard.
It is too late.|Il est trop tard.
It is early.|Il est tôt.
It is still early.|Il est encore tôt.
It is time to go.|Il est l'heure de partir.
It is time to eat.|Il est l'heure de manger.
It is time to go to bed.|Il est l'heure d'aller au lit.
It is time to get up.|Il est l'heure de se lever.
It is time to go home.|Il est l'heure de rentrer.
What is your name?|Comment vous appelez-vous ?
What is your name?|Comment t'appelles-tu ?
What is her name?|Comment s'appelle-t-elle ?
What is his name?|Comment s'appelle-t-il ?
My name is Paul.|Je m'appelle Paul.
My name is Anna.|Je m'appelle Anna.
My name is Thomas.|Je m'appelle Thomas.
My name is Marie and I live in Paris.|Je m'appelle Marie et j'habite à Paris.
His name is Pierre.|Il s'appelle Pierre.
His name is Lucas.|Il s'appelle Lucas.
Her name is Emma.|Elle s'appelle Emma.
Her name is Julie.|Elle s'appelle Julie.
Nice to meet you.|Enchanté.
Nice to meet you, madam.|Enchanté, madame.
Nice to meet you, sir.|Enchanté, monsieur.
Who are you?|Qui êtes-vous ?
Who are you?|Qui es-tu ?
Who is it?|Qui est-ce ?
Who is he?|Qui est-il ?
Who is she?|Qui est-elle ?
Who are they?|Qui sont-ils ?
Who is this man?|Qui est cet homme ?
Who is this woman?|Qui est cette femme ?
Who is this girl?|Qui est cette fille ?
It is me.|C'est moi.
It is you.|C'est vous.
It is him.|C'est lui.
It is for you.|C'est pour vous.
It is for me.|C'est pour moi.
Is it for me?|Est-ce que c'est pour moi ?
It is for my mother.|C'est pour ma mère.
It is a present for my wife.|C'est un cadeau pour ma femme.
It is a present for you.|C'est un cadeau pour vous.
How old are you?|Quel âge avez-vous ?
How old are you?|Quel âge as-tu ?
How old is he?|Quel âge a-t-il ?
How old is she?|Quel âge a-t-elle ?
How old are your children?|Quel âge ont vos enfants ?
Where do you live?|Où habitez-vous ?
Where do you live?|Où habites-tu ?
Where are you from?|D'où venez-vous ?
Where are you from?|D'où viens-tu ?
Where is he from?|D'où vient-il ?
Where is she from?|D'où vient-elle ?
Where are they from?|D'où viennent-ils ?
I am from England.|Je viens d'Angleterre.
I am from Canada.|Je viens du Canada.
She is from Italy.|Elle vient d'Italie.
He is from Germany.|Il vient d'Allemagne.
We are from Spain.|Nous venons d'Espagne.
They are from Japan.|Ils viennent du Japon.
Do you speak French?|Parlez-vous français ?
Do you speak French?|Parles-tu français ?
Do you speak English?|Parlez-vous anglais ?
Does he speak French?|Est-ce qu'il parle français ?
I speak a little French.|Je parle un peu français.
I don't speak French very well.|Je ne parle pas très bien français.
I am learning French.|J'apprends le français.
I want to learn French.|Je veux apprendre le français.
I would like to learn Spanish.|J'aimerais apprendre l'espagnol.
I like French very much.|J'aime beaucoup le français.
You speak French very well.|Vous parlez très bien français.
I understand.|Je comprends.
I understand very well.|Je comprends très bien.
I don't understand.|Je ne comprends pas.
I don't understand anything.|Je ne comprends rien.
I don't understand this word.|Je ne comprends pas ce mot.
Do you understand?|Comprenez-vous ?
Do you understand me?|Me comprenez-vous ?
Does he understand?|Est-ce qu'il comprend ?
She doesn't understand anything.|Elle ne comprend rien.
I know.|Je sais.
I don't know.|Je ne sais pas.
I don't know anything.|Je ne sais rien.
I don't know anyone here.|Je ne connais personne ici.
I don't know why.|Je ne sais pas pourquoi.
I don't know where he is.|Je ne sais pas où il est.
I don't know what to do.|Je ne sais pas quoi faire.
I don't know what to say.|Je ne sais pas quoi dire.
He doesn't know what to do.|Il ne sait pas quoi faire.
She doesn't know what to say.|Elle ne sait pas quoi dire.
Who knows?|Qui sait ?
Nobody knows.|Personne ne sait.
Nobody is perfect.|Personne n'est parfait.
Nobody called me.|Personne ne m'a appelé.
Nobody came yesterday.|Personne n'est venu hier.
Nobody lives here.|Personne n'habite ici.
Nobody speaks English here.|Personne ne parle anglais ici.
Everyone knows.|Tout le monde sait.
Everyone is here.|Tout le monde est là.
Everyone is tired.|Tout le monde est fatigué.
Everyone likes chocolate.|Tout le monde aime le chocolat.
Everyone was happy.|Tout le monde était heureux.
Everyone knows this song.|Tout le monde connaît cette chanson.
I think so.|Je pense que oui.
I don't think so.|Je ne pense pas.
I hope so.|J'espère que oui.
I hope not.|J'espère que non.
I am sure.|Je suis sûr.
I am not sure.|Je ne suis pas sûr.
Are you sure?|Êtes-vous sûr ?
She is sure.|Elle est sûre.
It is possible.|C'est possible.
It is not possible.|Ce n'est pas possible.
It is impossible.|C'est impossible.
Is it possible?|Est-ce que c'est possible ?
It is easy.|C'est facile.
It is very easy.|C'est très facile.
It isn't easy.|Ce n'est pas facile.
It is difficult.|C'est difficile.
It is too difficult for me.|C'est trop difficile pour moi.
It is very important.|C'est très important.
It isn't important.|Ce n'est pas important.
It is interesting.|C'est intéressant.
It is very interesting.|C'est très intéressant.
It is beautiful.|C'est beau.
It is very beautiful here.|C'est très beau ici.
It is delicious.|C'est délicieux.
It is very good.|C'est très bon.
It isn't good.|Ce n'est pas bon.
It was very good.|C'était très bon.
It was delicious.|C'était délicieux.
It was very beautiful.|C'était très beau.
It was a good idea.|C'était une bonne idée.
It is a good idea.|C'est une bonne idée.
It isn't a good idea.|Ce n'est pas une bonne idée.
I have an idea.|J'ai une idée.
I have a good idea.|J'ai une bonne idée.
Do you have an idea?|Avez-vous une idée ?
It is my turn.|C'est mon tour.
It is your turn.|C'est votre tour.
It is funny.|C'est drôle.
It isn't funny.|Ce n'est pas drôle.
It is finished.|C'est fini.
It is broken.|C'est cassé.
It is here.|C'est ici.
It is over there.|C'est là-bas.
It is far.|C'est loin.
It is very far.|C'est très loin.
It isn't far.|Ce n'est pas loin.
Is it far?|Est-ce que c'est loin ?
Is it far from here?|Est-ce que c'est loin d'ici ?
What is it?|Qu'est-ce que c'est ?
What is this?|Qu'est-ce que c'est ?
What is that?|Qu'est-ce que c'est ?
What are you doing?|Que faites-vous ?
What are you doing?|Que fais-tu ?
What are you doing tonight?|Que faites-vous ce soir ?
What are you doing on Saturday?|Que faites-vous samedi ?
What do you do in the evening?|Que faites-vous le soir ?
What do you want?|Que voulez-vous ?
What do you want?|Que veux-tu ?
What do you want to do?|Que voulez-vous faire ?
What do you want to eat?|Que voulez-vous manger ?
What do you want to drink?|Que voulez-vous boire ?
What would you like to drink?|Que voulez-vous boire ?
What do you think?|Que pensez-vous ?
What do you think of this film?|Que pensez-vous de ce film ?
What do you think of this book?|Que pensez-vous de ce livre ?
What did you say?|Qu'avez-vous dit ?
What did you do yesterday?|Qu'avez-vous fait hier ?
What happened?|Que s'est-il passé ?
What happened yesterday?|Que s'est-il passé hier ?
What is happening?|Que se passe-t-il ?
What is happening here?|Que se passe-t-il ici ?
What is wrong?|Qu'est-ce qui ne va pas ?
What is your favourite colour?|Quelle est votre couleur préférée ?
What is your favourite book?|Quel est votre livre préféré ?
What is your favourite film?|Quel est votre film préféré ?
What is your favourite song?|Quelle est votre chanson préférée ?
My favourite colour is blue.|Ma couleur préférée est le bleu.
My favourite colour is red.|Ma couleur préférée est le rouge.
My favourite colour is green.|Ma couleur préférée est le vert.
My favourite film is very old.|Mon film préféré est très vieux.
What colour is your car?|De quelle couleur est votre voiture ?
What colour is your house?|De quelle couleur est votre maison ?
What colour is your bag?|De quelle couleur est votre sac ?
What colour is the door?|De quelle couleur est la porte ?
What is your address?|Quelle est votre adresse ?
What is your phone number?|Quel est votre numéro de téléphone ?
What is your job?|Quel est votre travail ?
What does he do?|Que fait-il ?
What does this word mean?|Que veut dire ce mot ?
How do you spell your name?|Comment s'écrit votre nom ?
Can you repeat, please?|Pouvez-vous répéter, s'il vous plaît ?
Can you repeat the question?|Pouvez-vous répéter la question ?
Can you speak more slowly, please?|Pouvez-vous parler plus lentement, s'il vous plaît ?
Can you help me?|Pouvez-vous m'aider ?
Can you help me, please?|Pouvez-vous m'aider, s'il vous plaît ?
Can you help us?|Pouvez-vous nous aider ?
Can you hear me?|M'entendez-vous ?
Can I help you?|Est-ce que je peux vous aider ?
Can I ask you a question?|Est-ce que je peux vous poser une question ?
Can I come with you?|Est-ce que je peux venir avec vous ?
Can I come in?|Est-ce que je peux entrer ?
Can I sit here?|Est-ce que je peux m'asseoir ici ?
Can I pay by card?|Est-ce que je peux payer par carte ?
Can I smoke here?|Est-ce que je peux fumer ici ?
Can I open the window?|Est-ce que je peux ouvrir la fenêtre ?
Can I take a photo?|Est-ce que je peux prendre une photo ?
Can I have the bill, please?|Est-ce que je peux avoir l'addition, s'il vous plaît ?
The bill, please.|L'addition, s'il vous plaît.
The menu, please.|La carte, s'il vous plaît.
A coffee, please.|Un café, s'il vous plaît.
A tea, please.|Un thé, s'il vous plaît.
A beer, please.|Une bière, s'il vous plaît.
Two coffees, please.|Deux cafés, s'il vous plaît.
Two beers, please.|Deux bières, s'il vous plaît.
A glass of water, please.|Un verre d'eau, s'il vous plaît.
A table for two, please.|Une table pour deux, s'il vous plaît.
A table for four, please.|Une table pour quatre, s'il vous plaît.
I would like a table for three, please.|Je voudrais une table pour trois, s'il vous plaît.
I would like to pay, please.|Je voudrais payer, s'il vous plaît.
I would like a room for two nights.|Je voudrais une chambre pour deux nuits.
I would like a room with a bathroom.|Je voudrais une chambre avec salle de bains.
We would like a room for tonight.|Nous voudrions une chambre pour ce soir.
Do you have a room for tonight?|Avez-vous une chambre pour ce soir ?
I am hungry.|J'ai faim.
I am very hungry.|J'ai très faim.
I am thirsty.|J'ai soif.
I am cold.|J'ai froid.
I am hot.|J'ai chaud.
I am sleepy.|J'ai sommeil.
I am afraid.|J'ai peur.
I am tired.|Je suis fatigué.
I am ill.|Je suis malade.
I am lost.|Je suis perdu.
I am ready.|Je suis prêt.
I am coming!|J'arrive !
I am here.|Je suis là.
I am at home.|Je suis à la maison.
I am on holiday.|Je suis en vacances.
I am in a hurry.|Je suis pressé.
I am married.|Je suis marié.
My brother is married.|Mon frère est marié.
My sister is married.|Ma sœur est mariée.
Are you married?|Êtes-vous marié ?
Is she married?|Est-ce qu'elle est mariée ?
He isn't married.|Il n'est pas marié.
They are married.|Ils sont mariés.
My cousin is getting married on Saturday.|Mon cousin se marie samedi.
They are getting married next month.|Ils se marient le mois prochain.
I love you.|Je t'aime.
I love you, Mum.|Je t'aime, maman.
I love you, my love.|Je t'aime, mon amour.
I love you too.|Je t'aime aussi.
I love you very much.|Je t'aime beaucoup.
Do you love me?|Est-ce que tu m'aimes ?
He loves her.|Il l'aime.
She loves him.|Elle l'aime.
They love each other.|Ils s'aiment.
I miss you.|Tu me manques.
Kiss me.|Embrasse-moi.
Me too.|Moi aussi.
Me neither.|Moi non plus.
Not me.|Pas moi.
Not yet.|Pas encore.
Not now.|Pas maintenant.
Not today.|Pas aujourd'hui.
Never!|Jamais !
Now!|Maintenant !
Always!|Toujours !
Nothing.|Rien.
Help!|Au secours !
Stop!|Arrêtez !
Wait!|Attendez !
Wait a minute!|Attendez une minute !
Look!|Regardez !
Listen!|Écoutez !
Listen to me!|Écoutez-moi !
Look at me!|Regardez-moi !
Come here!|Venez ici !
Come here, Lucas!|Viens ici, Lucas !
Come in!|Entrez !
Come with me!|Venez avec moi !
Come quickly!|Venez vite !
Sit down, please.|Asseyez-vous, s'il vous plaît.
Sit down, Paul.|Assieds-toi, Paul.
Get up!|Levez-vous !
Get up, Thomas!|Lève-toi, Thomas !
Hurry up!|Dépêchez-vous !
Hurry up, Emma!|Dépêche-toi, Emma !
Hurry up, we are late!|Dépêchez-vous, nous sommes en retard !
Be quiet!|Taisez-vous !
Be careful!|Faites attention !
Be careful, Lucas!|Fais attention, Lucas !
Be careful, it is hot!|Faites attention, c'est chaud !
Be patient!|Soyez patient !
Be patient, Julie!|Sois patiente, Julie !
Answer me!|Répondez-moi !
Call me!|Appelez-moi !
Call me tomorrow.|Appelez-moi demain.
Call me tonight, Anna.|Appelle-moi ce soir, Anna.
Call a doctor!|Appelez un médecin !
Call the police!|Appelez la police !
Follow me!|Suivez-moi !
Help me!|Aidez-moi !
Help me, please.|Aidez-moi, s'il vous plaît.
Wait for me!|Attendez-moi !
Wait for me, Paul!|Attends-moi, Paul !
Tell me everything.|Dites-moi tout.
Tell me why.|Dites-moi pourquoi.
Show me.|Montrez-moi.
Give me your hand.|Donnez-moi votre main.
Leave me alone!|Laissez-moi tranquille !
Go away!|Allez-vous-en !
Don't move!|Ne bougez pas !
Don't cry.|Ne pleurez pas.
Don't cry, my love.|Ne pleure pas, mon amour.
Don't be afraid.|N'ayez pas peur.
Don't be late!|Ne soyez pas en retard !
Don't forget!|N'oubliez pas !
Don't forget, Paul!|N'oublie pas, Paul !
Don't forget me.|Ne m'oubliez pas.
Don't say anything.|Ne dites rien.
Don't touch anything!|Ne touchez rien !
Don't wait for me.|Ne m'attendez pas.
She is reading a book.|Elle lit un livre.
He is reading the newspaper.|Il lit le journal.
We went to the cinema yesterday.|Nous sommes allés au cinéma hier.
My brother lives in Paris.|Mon frère habite à Paris.
I would like a coffee, please.|Je voudrais un café, s'il vous plaît.
Where is the station?|Où est la gare ?
Where are you?|Où êtes-vous ?
Where are you?|Où es-tu ?
Where are you, Mum?|Où es-tu, maman ?
Where is he?|Où est-il ?
Where is she?|Où est-elle ?
Where are they?|Où sont-ils ?
Where are we?|Où sommes-nous ?
Where are you going?|Où allez-vous ?
Where are you going?|Où vas-tu ?
Where are the toilets?|Où sont les toilettes ?
Where are the toilets, please?|Où sont les toilettes, s'il vous plaît ?
The toilets are on the left.|Les toilettes sont à gauche.
The toilets are over there.|Les toilettes sont là-bas.
Where is everyone?|Où est tout le monde ?
"""

PAIRS: list[tuple[str, str]] = [
    (english, french) for english, french in (line.split("|") for line in (_TABLE + MORE).split("\n") if line)
]
