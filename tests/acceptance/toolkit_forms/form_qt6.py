"""The form in Qt 6."""

import sys

from PyQt6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QMainWindow,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QTabWidget,
    QWidget,
)
from state_file import BOXES, BUTTONS, COLOURS, FIELDS, ITEMS, NUMBER, SIZES, put

app = QApplication(sys.argv[:1])
window = QMainWindow()
window.setWindowTitle("Order form")
window.resize(640, 520)
file = window.menuBar().addMenu("File")
for label in ("New order", "Duplicate"):
    file.addAction(label).triggered.connect(lambda *_, label=label: put("menu", label))
export = file.addMenu("Export")
for label in ("As PDF", "As text"):
    export.addAction(label).triggered.connect(lambda *_, label=label: put("menu", label))
book, page = QTabWidget(), QWidget()
window.setCentralWidget(book)
book.addTab(page, "Customer")
form = QFormLayout(page)
for name in FIELDS:
    field = QLineEdit()
    if name == "Password":
        field.setEchoMode(QLineEdit.EchoMode.Password)
    field.textChanged.connect(lambda text, name=name: put(name, text))
    form.addRow(name, field)
for name in BOXES:
    box = QCheckBox(name)
    box.toggled.connect(lambda on, name=name: put(name, on))
    form.addRow("", box)
sizes = QHBoxLayout()
for name in SIZES:
    radio = QRadioButton(name)
    radio.toggled.connect(lambda on, name=name: on and put("Size", name))
    sizes.addWidget(radio)
form.addRow("Size", sizes)
colour = QComboBox()
colour.addItems(COLOURS)
colour.currentTextChanged.connect(lambda text: put("Colour", text))
form.addRow("Colour", colour)
notes = QPlainTextEdit()
notes.setFixedHeight(70)
notes.textChanged.connect(lambda: put("Notes", notes.toPlainText()))
form.addRow("Notes", notes)
buttons = QHBoxLayout()
for name in BUTTONS:
    button = QPushButton(name)
    button.clicked.connect(lambda *_, name=name: put("button", name))
    buttons.addWidget(button)
form.addRow("", buttons)
form.addRow("", QLabel(NUMBER))
listed = QListWidget()
listed.addItems(ITEMS)
listed.itemSelectionChanged.connect(lambda: put("Item", [item.text() for item in listed.selectedItems()]))
listed.itemDoubleClicked.connect(lambda item: put("Opened", [item.text()]))
book.addTab(listed, "Items")
window.show()
put("ready", True)
sys.exit(app.exec())
