"""What sacreBLEU counts in each sentence, from which the scores of any part of the sentences are computed at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nmt_attn.evaluation.scores import NGRAM, References, Scorer


class SentenceStatistics:
    """The counts of BLEU and chrF for each of N sentences.

    Args:
        scorer: of the target language.
        hypotheses: the translations.
        references: of each.
    """

    def __init__(self, scorer: Scorer, hypotheses: Sequence[str], references: References) -> None:
        cased, cased_references = scorer.cased(hypotheses, references)
        bleu, chrf = (scorer.counted(name, cased, cased_references) for name in ("BLEU", "chrF"))
        self._bleu, self._chrf = bleu.metric, chrf.metric
        self._of_bleu = np.array(bleu.counts, dtype=np.float64)
        self._of_chrf = np.array(chrf.counts, dtype=np.float64)
        pairs = zip(cased, cased_references, strict=True)
        self.exact: NDArray[np.bool_] = np.array([one in some for one, some in pairs], dtype=bool)  # (N)
        self.chrf_of_each: NDArray[np.float64] = np.array([self._chrf_of(row) for row in self._of_chrf])  # (N)

    def __len__(self) -> int:
        return len(self.exact)

    def bleu(self, rows: NDArray[np.int64]) -> float | None:
        """Compute BLEU of some sentences; None where there is no 4-gram to count."""
        total = self._of_bleu[rows].sum(0)
        if not total[-1] or not len(rows):  # lengths, matches by order, n-grams by order
            return None
        assert len(total) == 2 + 2 * NGRAM
        return float(self._bleu._compute_score_from_stats(total.tolist()).score)

    def chrf(self, rows: NDArray[np.int64]) -> float | None:
        """Compute chrF of some sentences; None of no sentence."""
        return self._chrf_of(self._of_chrf[rows].sum(0)) if len(rows) else None

    def exact_share(self, rows: NDArray[np.int64]) -> float | None:
        """Compute the share of exact translations among some sentences, in percent."""
        return 100 * float(self.exact[rows].mean()) if len(rows) else None

    def length_ratio(self, rows: NDArray[np.int64]) -> float | None:
        """Compute how many words some sentences have for each word of the references nearest in length."""
        words, of_references = self._of_bleu[rows, :2].sum(0)
        return float(words / of_references) if of_references else None

    @property
    def length_ratios(self) -> NDArray[np.float64]:
        """The length ratio of each sentence, (N)."""
        return np.asarray(self._of_bleu[:, 0] / np.maximum(self._of_bleu[:, 1], 1), dtype=np.float64)

    @property
    def words_of_references(self) -> NDArray[np.float64]:
        """The words of the reference nearest in length, of each sentence, (N)."""
        return np.asarray(self._of_bleu[:, 1], dtype=np.float64)

    def _chrf_of(self, counts: NDArray[np.float64]) -> float:
        return float(self._chrf._compute_score_from_stats(counts.tolist()).score)
