"""Short everyday sentences in eight languages and three scripts, put together from our own phrases."""

import csv
import io
import random
from collections.abc import Iterator

EACH = 90  # sentences of a language
SEED = 11

# who, what they do, when: any three of a language make a sentence.
PHRASES = {
    "English": (
        ("my sister", "the old baker", "our neighbour", "a young doctor", "the teacher", "his grandmother"),
        (
            *("buys fresh bread", "reads a long letter", "is looking for the key", "waters the flowers"),
            *("walks along the river", "cooks soup for everyone", "writes to her friends", "repairs the bicycle"),
        ),
        ("every morning", "on Sunday", "in the evening", "before breakfast", "when it rains", "after school"),
    ),
    "French": (
        ("ma sœur", "le vieux boulanger", "notre voisine", "un jeune médecin", "la maîtresse", "sa grand-mère"),
        (
            *("achète du pain frais", "lit une longue lettre", "cherche la clé", "arrose les fleurs"),
            *("marche au bord de la rivière", "prépare une soupe pour tous", "écrit à ses amis", "répare le vélo"),
        ),
        ("chaque matin", "le dimanche", "dans la soirée", "avant le petit déjeuner", "quand il pleut", "après l'école"),
    ),
    "German": (
        ("meine Schwester", "der alte Bäcker", "unsere Nachbarin", "ein junger Arzt", "die Lehrerin", "seine Oma"),
        (
            *("kauft frisches Brot", "liest einen langen Brief", "sucht den Schlüssel", "gießt die Blumen"),
            *("geht am Fluss spazieren", "kocht Suppe für alle", "schreibt ihren Freunden", "repariert das Fahrrad"),
        ),
        ("jeden Morgen", "am Sonntag", "am späten Abend", "vor dem Frühstück", "wenn es regnet", "nach der Schule"),
    ),
    "Spanish": (
        ("mi hermana", "el viejo panadero", "nuestra vecina", "un joven médico", "la maestra", "su abuela"),
        (
            *("compra pan fresco", "lee una carta larga", "busca la llave", "riega las flores"),
            *("camina junto al río", "cocina sopa para todos", "escribe a sus amigos", "arregla la bicicleta"),
        ),
        ("cada mañana", "los domingos", "por la noche", "antes del desayuno", "cuando llueve", "después de la escuela"),
    ),
    "Italian": (
        ("mia sorella", "il vecchio fornaio", "la nostra vicina", "un giovane medico", "la maestra", "sua nonna"),
        (
            *("compra il pane fresco", "legge una lunga lettera", "cerca la chiave", "annaffia i fiori"),
            *("passeggia lungo il fiume", "cucina la zuppa per tutti", "scrive ai suoi amici", "ripara la bicicletta"),
        ),
        ("ogni mattina", "di domenica", "di sera", "prima di colazione", "quando piove", "dopo la scuola"),
    ),
    "Dutch": (
        ("mijn zus", "de oude bakker", "onze buurvrouw", "een jonge dokter", "de juf", "zijn oma"),
        (
            *("koopt vers brood", "leest een lange brief", "zoekt de sleutel", "geeft de bloemen water"),
            *("wandelt langs de rivier", "kookt soep voor iedereen", "schrijft haar vrienden", "maakt de fiets"),
        ),
        ("elke ochtend", "op zondag", "in de avond", "voor het ontbijt", "als het regent", "na school"),
    ),
    "Russian": (
        ("моя сестра", "старый пекарь", "наша соседка", "молодой врач", "учительница", "его бабушка"),
        (
            *("покупает свежий хлеб", "читает длинное письмо", "ищет ключ", "поливает цветы"),
            *("гуляет вдоль реки", "варит суп для всех", "пишет друзьям", "чинит велосипед"),
        ),
        ("каждое утро", "в воскресенье", "вечером", "до завтрака", "когда идёт дождь", "после школы"),
    ),
    "Greek": (
        ("η αδελφή μου", "ο γέρος φούρναρης", "η γειτόνισσά μας", "ένας νέος γιατρός", "η δασκάλα", "η γιαγιά του"),
        (
            *("αγοράζει φρέσκο ψωμί", "διαβάζει ένα μεγάλο γράμμα", "ψάχνει το κλειδί", "ποτίζει τα λουλούδια"),
            *("περπατά δίπλα στο ποτάμι", "μαγειρεύει σούπα για όλους", "γράφει σε φίλους", "φτιάχνει το ποδήλατο"),
        ),
        ("κάθε πρωί", "την Κυριακή", "το βράδυ", "πριν το πρωινό", "όταν βρέχει", "μετά το σχολείο"),
    ),
}


def files() -> Iterator[tuple[str, bytes]]:
    """Yield the one table of sentences, each with its language; the same every time."""
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(("sentence", "language"))
    for language, (who, does, when) in PHRASES.items():
        draws = random.Random(f"{SEED} {language}")  # noqa: S311 - to be the same on every machine
        every = [f"{one[0].upper()}{one[1:]} {other} {last}." for one in who for other in does for last in when]
        writer.writerows((sentence, language) for sentence in draws.sample(every, EACH))
    yield "sentences.csv", sink.getvalue().encode()
