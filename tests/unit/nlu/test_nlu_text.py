import pytest

from alojamientos.nlu import text


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("DEL 15 AL 18 DE ENERO", "del 15 al 18 de enero"),
        ("miércoles  y\nsábado", "miercoles y sabado"),
        ("15\u201318\u2212\u2011", "15-18--"),
        ("holaaaaaa", "holaa"),
        ("del 1\u00b0 al 2\u00ba", "del 1 al 2"),
        ("\uff11\uff15/\uff11", "15/1"),
    ],
)
def test_fold_takes_away_case_accents_and_fancy_signs(said: str, read: str):
    assert text.fold(said) == read


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("quince al dieciocho", "15 al 18"),
        ("treinta y uno", "31"),
        ("veinte y dos", "22"),
        ("veintiun dias", "21 dias"),
        ("primero de enero", "1 de enero"),
        ("1ro de ene", "1 de enero"),
        ("1ra quincena", "primera quincena"),
        ("vie y dom", "viernes y domingo"),
        ("fds", "finde"),
        ("4 pers", "4 personas"),
        ("15ene", "15 enero"),
    ],
)
def test_canonical_writes_out_numbers_and_abbreviations(said: str, read: str):
    assert text.canonical(said) == read


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("febreo", "febrero"),
        ("dicienbre", "diciembre"),
        ("setienbre", "septiembre"),
        ("henero", "enero"),
        ("biernes", "viernes"),
        ("kabana", "cabana"),
        ("zabado", "sabado"),
        ("disponivilidad", "disponibilidad"),
        ("perssonas", "personas"),
        ("holaa", "hola"),
    ],
)
def test_canonical_mends_slips(said: str, read: str):
    assert text.canonical(said) == read


@pytest.mark.parametrize(
    "word", ["mayor", "junto", "sabanas", "montana", "coche", "entero", "cabe", "viene", "bienes"]
)
def test_canonical_leaves_words_alone_that_only_look_like_others(word: str):
    assert text.canonical(word) == word


def test_fold_reads_no_further_than_its_limit():
    assert len(text.fold("a b" * 10**6)) <= text.MAX_LENGTH
    assert len(text.fold("\ufdfa" * 10**5)) <= 2 * text.MAX_LENGTH
