"""Tasks in a picture editor, GIMP."""

from PIL import Image, ImageOps

from ..documents import Gone
from ..documents.pictures import PictureFile, scene
from ..oracle import Step, key, until, write
from ..template import App, Case, Collection, Job, miss
from ..words import TOPICS

_SESSION = """(session-info "toplevel"
    (factory-entry "gimp-single-image-window")
    (position 0 24)
    (size 1270 680)
    (open-on-exit)
    (aux-info (left-docks-width "180") (right-docks-position "1060") (maximized "no")))
(session-info "toplevel"
    (factory-entry "gimp-action-search-dialog")
    (position 400 120)
    (size 500 400))
"""
APP = App("pictures", "gimp", ("gimp",), {".config/GIMP/2.10/sessionrc": _SESSION}, (".config/GIMP/2.10/pluginrc",))
TASKS = Collection(APP)
_FLIP = Image.Transpose.FLIP_LEFT_RIGHT


def _picture(case: Case) -> PictureFile:
    size = 10 * case.number(30, 44), 10 * case.number(20, 29)
    return PictureFile(f"Pictures/{case.pick(TOPICS)}.png", scene(case.random, *size))


def _open(picture: PictureFile) -> tuple[tuple[str, ...], ...]:
    return (("gimp", "--no-splash", "--new-instance", f"~/{picture.path}"),)


def _command(name: str) -> tuple[Step, ...]:
    """An action by its name, through the search of actions."""
    return (*key("slash"), *write(name), *key("enter"))


_INVERT_COLOURS = (*key("alt+c"), *key("v"), *key("enter"))
"""By the menu: the search has two actions called Invert, and the other one inverts the selection."""


def _export(name: str) -> tuple[Step, ...]:
    return (
        *key("ctrl+shift+e"),
        *until("Export Image"),
        *key("ctrl+a"),
        *write(f"{name}\n"),
        *until("as"),
        *key("enter"),
    )


def _copy(case: Case, picture: PictureFile, image: Image.Image, ending: str = "png") -> PictureFile:
    """The result in a new file next to the original."""
    return PictureFile(f"{picture.path[:-4]}-{case.number(2, 99)}.{ending}", image)


def _exported(case: Case, picture: PictureFile, image: Image.Image, how: tuple[Step, ...], **wrong: Image.Image) -> Job:
    """A job whose result is exported under a new name after the steps `how`."""
    copy = _copy(case, picture, image)
    name = copy.path.rpartition("/")[2]
    return Job(
        {"file": picture.path, "name": name},
        (picture,),
        _open(picture),
        (*how, *_export(name)),
        (copy,),
        (
            miss("as it was", PictureFile(copy.path, picture.image)),
            miss("over the original", PictureFile(picture.path, image)),
            *(miss(what, PictureFile(copy.path, one)) for what, one in wrong.items()),
        ),
    )


@TASKS.task(
    "Flip the open picture horizontally and export it as {name} in the same folder.",
    "Mirror the image so that left and right change places, and export the result as {name}; keep {file}.",
    "Export a horizontally flipped version of the picture under the name {name}.",
    "I need {file} mirrored left to right. Export it as {name} next to the original.",
)
def flip(case: Case) -> Job:
    """Mirrored."""
    picture = _picture(case)
    return _exported(
        case,
        picture,
        picture.image.transpose(_FLIP),
        _command("Flip Image Horizontally"),
        vertically=ImageOps.flip(picture.image),
    )


@TASKS.task(
    "Rotate the open picture by 90 degrees clockwise and export it as {name} in the same folder.",
    "Turn the image a quarter to the right and export the result as {name}; keep {file}.",
    "Export a version of the picture that is rotated clockwise by 90 degrees, under the name {name}.",
    "{file} lies on its side: rotate it 90 degrees to the right and export it as {name}.",
)
def rotate(case: Case) -> Job:
    """Turned."""
    picture = _picture(case)
    right, left = (picture.image.transpose(way) for way in (Image.Transpose.ROTATE_270, Image.Transpose.ROTATE_90))
    return _exported(case, picture, right, _command("Rotate the image 90 degrees to the right"), left=left)


@TASKS.task(
    "Convert the open picture to grayscale and export it as {name} in the same folder.",
    "Change the image mode to grayscale and export the result as {name}; {file} stays in colour.",
    "Export a black and white (grayscale mode) version of the picture as {name}.",
    "I need {file} in grayscale mode. Export it as {name} next to the original.",
)
def grayscale(case: Case) -> Job:
    """Without colours."""
    picture = _picture(case)
    gray = picture.image.convert("L")
    return _exported(case, picture, gray, _command("Grayscale"), inverted=ImageOps.invert(gray))


@TASKS.task(
    "Invert the colours of the open picture and export it as {name} in the same folder.",
    "Make a negative of the image and export it as {name}; keep {file}.",
    "Export the picture with inverted colours under the name {name}.",
    "I need the colours of {file} inverted. Export the result as {name} next to it.",
)
def invert(case: Case) -> Job:
    """A negative."""
    picture = _picture(case)
    gray = ImageOps.invert(picture.image.convert("L"))
    return _exported(case, picture, ImageOps.invert(picture.image), _INVERT_COLOURS, gray=gray)


@TASKS.task(
    "Export the open picture as a JPEG file named {name} in the same folder.",
    "Convert {file} to JPEG: export it as {name}.",
    "The picture is needed as {name}, in JPEG format. Keep the original.",
    "Save the image in JPEG format under the name {name} with Export As.",
)
def to_jpeg(case: Case) -> Job:
    """Another format."""
    picture = _picture(case)
    copy = _copy(case, picture, picture.image, "jpg")
    name = copy.path.rpartition("/")[2]
    return Job(
        {"file": picture.path, "name": name},
        (picture,),
        _open(picture),
        _export(name),
        (copy,),
        (
            miss("flipped", PictureFile(copy.path, picture.image.transpose(_FLIP))),
            miss("another ending", PictureFile(f"{copy.path[:-3]}bmp", picture.image)),
            miss("moved", copy, Gone(picture.path)),
        ),
    )


@TASKS.task(
    "How wide is the open picture, in pixels? Answer with the number.",
    "Tell me the width of {file} in pixels.",
    "Find out the width in pixels of the image that is open.",
    "What is the width of the picture {file}, counted in pixels?",
)
def width(case: Case) -> Job:
    """A question about the picture."""
    picture = _picture(case)
    size = picture.image.size
    return Job(
        {"file": picture.path},
        (picture,),
        _open(picture),
        answer=str(size[0]),
        near=(miss("the height", answer=str(size[1])), miss("nothing", answer="")),
    )
