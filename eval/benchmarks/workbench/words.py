"""Words that instances are made of."""

PEOPLE: tuple[str, ...] = (
    "Amara Okafor", "Bruno Keller", "Chiara Conti", "Dmitri Orlov", "Elif Demir", "Farid Nasser", "Greta Lindqvist",
    "Hiro Tanaka", "Ines Duarte", "Jonas Weber", "Kateryna Bondar", "Liam Byrne", "Mei Zhang", "Nadia Haddad",
    "Oskar Nilsen", "Priya Menon", "Quentin Roche", "Rosa Alvarez", "Samir Patel", "Tereza Novak",
)  # fmt: skip
TOWNS: tuple[str, ...] = (
    "Aberdeen", "Bergen", "Cork", "Dresden", "Evora", "Fribourg", "Ghent", "Haarlem", "Izmir", "Jena", "Krakow",
    "Lyon", "Malmo", "Nantes", "Oulu", "Porto", "Riga", "Seville", "Trieste", "Utrecht", "Varna", "Zagreb",
)  # fmt: skip
ITEMS: tuple[str, ...] = (
    "apples", "batteries", "candles", "envelopes", "flour", "glasses", "hammers", "jars", "kettles", "lamps",
    "mirrors", "napkins", "olives", "pencils", "ribbons", "soap", "teapots", "umbrellas", "vases", "wool",
)  # fmt: skip
TOPICS: tuple[str, ...] = (
    "archive", "budget", "catalogue", "deliveries", "exhibition", "festival", "garden", "harvest", "inventory",
    "journey", "kitchen", "library", "meeting", "orchard", "parking", "repairs", "schedule", "theatre", "workshop",
)  # fmt: skip
COLOURS: dict[str, str] = {
    "red": "#cc2222", "green": "#22aa44", "blue": "#2244cc", "orange": "#ee8811", "purple": "#7722aa",
    "black": "#111111",
}  # fmt: skip
SENTENCES: tuple[str, ...] = (
    "The door to the yard stays open until noon.", "All boxes have been counted twice.",
    "Please return the keys before the weekend.", "The second floor is closed for painting.",
    "Nothing was missing from the last delivery.", "The lift will be repaired next month.",
    "Visitors sign the book at the entrance.", "We still need a name for the new room.",
    "Two chairs were moved to the hall.", "The invoice arrived one day late.",
    "Lunch is served in the small garden.", "The old printer goes to the school.",
)  # fmt: skip
