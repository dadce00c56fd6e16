import java.awt.Dimension;
import java.awt.FlowLayout;
import java.awt.GridBagConstraints;
import java.awt.GridBagLayout;
import java.awt.Insets;
import java.awt.event.MouseAdapter;
import java.awt.event.MouseEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import javax.swing.*;
import javax.swing.event.DocumentEvent;
import javax.swing.event.DocumentListener;
import javax.swing.text.JTextComponent;

/** The form in Swing: java FormSwing.java STATE-FILE. */
public class FormSwing {
  static final Map<String, String> STATE = new LinkedHashMap<>();
  static Path path;

  static void put(String name, String json) {
    STATE.put(name, json);
    String text = STATE.entrySet().stream()
        .map(entry -> quoted(entry.getKey()) + ": " + entry.getValue()).collect(Collectors.joining(", ", "{", "}"));
    try {
      Path other = Path.of(path + ".new");
      Files.writeString(other, text);
      Files.move(other, path, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  static String quoted(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
  }

  static void watch(JTextComponent field, Consumer<String> changed) {
    field.getDocument().addDocumentListener(new DocumentListener() {
      public void insertUpdate(DocumentEvent event) { changed.accept(field.getText()); }
      public void removeUpdate(DocumentEvent event) { changed.accept(field.getText()); }
      public void changedUpdate(DocumentEvent event) { }
    });
  }

  static void row(JPanel page, int row, String label, JComponent control) {
    GridBagConstraints at = new GridBagConstraints();
    at.gridy = row;
    at.anchor = GridBagConstraints.NORTHWEST;
    at.insets = new Insets(4, 8, 4, 8);
    page.add(new JLabel(label), at);
    at.weightx = 1;
    page.add(control, at);
  }

  static JMenuItem entry(String label) {
    JMenuItem item = new JMenuItem(label);
    item.addActionListener(event -> put("menu", quoted(label)));
    return item;
  }

  static void show() {
    JFrame frame = new JFrame("Order form");
    JMenuBar bar = new JMenuBar();
    JMenu file = new JMenu("File");
    JMenu export = new JMenu("Export");
    file.add(entry("New order"));
    file.add(entry("Duplicate"));
    export.add(entry("As PDF"));
    export.add(entry("As text"));
    file.add(export);
    bar.add(file);
    frame.setJMenuBar(bar);
    JPanel page = new JPanel(new GridBagLayout());
    int row = 0;
    for (String name : new String[] {"Full name", "E-mail", "Password"}) {
      JTextField field = name.equals("Password") ? new JPasswordField(30) : new JTextField(30);
      watch(field, text -> put(name, quoted(text)));
      row(page, row++, name, field);
    }
    for (String name : new String[] {"Gift wrap", "Express delivery", "Subscribe"}) {
      JCheckBox box = new JCheckBox(name);
      box.addActionListener(event -> put(name, String.valueOf(box.isSelected())));
      row(page, row++, "", box);
    }
    JPanel sizes = new JPanel(new FlowLayout(FlowLayout.LEFT, 0, 0));
    ButtonGroup group = new ButtonGroup();
    for (String name : new String[] {"Small", "Medium", "Large"}) {
      JRadioButton radio = new JRadioButton(name);
      radio.addActionListener(event -> put("Size", quoted(name)));
      group.add(radio);
      sizes.add(radio);
    }
    row(page, row++, "Size", sizes);
    JComboBox<String> colour = new JComboBox<>(new String[] {"Red", "Cobalt", "Green"});
    colour.addActionListener(event -> put("Colour", quoted((String) colour.getSelectedItem())));
    row(page, row++, "Colour", colour);
    JTextArea notes = new JTextArea(4, 30);
    watch(notes, text -> put("Notes", quoted(text)));
    row(page, row++, "Notes", new JScrollPane(notes));
    JPanel buttons = new JPanel(new FlowLayout(FlowLayout.LEFT, 0, 0));
    for (String name : new String[] {"Place order", "Cancel"}) {
      JButton button = new JButton(name);
      button.addActionListener(event -> put("button", quoted(name)));
      buttons.add(button);
    }
    row(page, row++, "", buttons);
    row(page, row++, "", new JLabel("Order number: A-7731"));
    JList<String> list = new JList<>(new String[] {"Apples", "Bananas", "Cherries", "Dates"});
    list.addListSelectionListener(event -> put("Item", "[" + quoted(list.getSelectedValue()) + "]"));
    list.addMouseListener(new MouseAdapter() {
      @Override public void mouseClicked(MouseEvent event) {
        if (event.getClickCount() == 2) put("Opened", "[" + quoted(list.getSelectedValue()) + "]");
      }
    });
    JTabbedPane book = new JTabbedPane();
    book.addTab("Customer", page);
    book.addTab("Items", new JScrollPane(list));
    frame.add(book);
    frame.setPreferredSize(new Dimension(640, 540));
    frame.pack();
    frame.setDefaultCloseOperation(WindowConstants.EXIT_ON_CLOSE);
    frame.setVisible(true);
    put("ready", "true");
  }

  public static void main(String[] arguments) {
    path = Path.of(arguments[0]);
    SwingUtilities.invokeLater(FormSwing::show);
  }
}
