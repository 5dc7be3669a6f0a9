"""What is known of the calls of libraries: what they change, give, draw and write."""

import re

ACCUMULATING = {"train_on_batch", "test_on_batch"}
"""Methods that go on counting where an earlier cell left off; that count is not kept."""
HARMLESS = re.compile(
    r"numpy\.(?!set(_|err|bufsize)).*|pandas\.(?!.*(set_|reset_|option|register)).*"
    r"|random\..*|gc\..*|time\..*"
    r"|matplotlib\.(?!use$|pyplot\.switch_backend$).*|IPython\.display\..*|.*\.[A-Z]\w*"
    r"|(keras|tensorflow\.keras)\.(utils|backend)\.(set_random_seed|clear_session)"
    r"|tensorflow\.random\.set_seed"
)
"""Calls of a library that change nothing in it, or nothing beyond what a snapshot holds."""
SETTER = re.compile(r"(set|enable|disable|register|use)([_A-Z]|err|bufsize|$)")
FRESH = re.compile(
    "all|any|argmax|argmin|argpartition|argsort|astype|capitalize|copy|corr|count|"
    "count_params|cumsum|describe|diff|dot|drop|dropna|endswith|evaluate|find|flatten|format|"
    "get_config|get_weights|head|idxmax|idxmin|index|isin|item|join|keys|lower|map|max|mean|"
    "median|min|nlargest|nonzero|nsmallest|numpy|pivot|predict|prod|ptp|quantile|rename|"
    "repeat|replace|reset_index|round|rsplit|searchsorted|set_index|sort_values|split|"
    "splitlines|startswith|std|strip|sum|summary|tail|title|to_frame|to_string|tolist|upper|"
    "var"
)
"""Methods that change nothing and give something new."""
VIEWS = re.compile(
    "diagonal|flat|get|get_layer|items|pop|ravel|reshape|setdefault|squeeze|swapaxes|"
    "transpose|values|view"
)
"""Methods that give a part of what they are called on."""
CHANGING_VIEWS = {"pop", "setdefault"}
NUMPY_VIEWS = re.compile(
    "array_split|asarray|atleast_1d|atleast_2d|broadcast_to|diagonal|expand_dims|moveaxis|"
    "ravel|reshape|rollaxis|sliding_window_view|split|squeeze|swapaxes|transpose"
)
KEEPING = {"add", "append", "appendleft", "extend", "insert", "setdefault", "update"}
"""Methods after which an object holds what it was given."""
CONTAINERS = re.compile("dict|enumerate|filter|iter|list|map|reversed|set|sorted|tuple|zip")
CHANGE_FIRST = re.compile(
    r"(.*\.)?(add\.at|copyto|delattr|fill_diagonal|heapify|heappop|heappush|next|place|put|"
    r"putmask|"
    r"setattr|shuffle|subtract\.at)"
)
"""Functions that change their first argument, by the end of their path."""
DRAWING = {"add", "build"}
TRAINED_BY = {"fit", "fit_generator", "train_on_batch"}
DRAWING_PATHS = (
    "keras.Sequential",
    "keras.Model",
    "keras.applications",
    "keras.initializers",
    "keras.layers",
    "keras.models",
    "keras.random",
    "numpy.random",
    "random.",
    "tensorflow.keras.layers",
    "tensorflow.keras.Sequential",
    "tensorflow.random",
)
NOT_DRAWING = {"Generator", "Input", "SeedSequence", "default_rng", "load_model"}
SEEDING = "set_random_seed"
SEEDING_ONE = {"numpy.random.seed", "random.seed", "tensorflow.random.set_seed"}
"""They leave the other generators as they are."""
WRITING = re.compile(
    "mkdir|mkdtemp|mkstemp|rename|rmdir|rmtree|save|save_weights|savefig|savetxt|savez|"
    "savez_compressed|to_csv|to_json|touch|unlink|write_bytes|write_text"
)
READING = re.compile(
    "exists|fromfile|genfromtxt|glob|imread|is_file|iterdir|load|load_model|load_weights|"
    "loadtxt|open|read_bytes|read_csv|read_json|read_text|stat"
)
SETTINGS = {"matplotlib": ("rcParams", "rc", "rcdefaults", "style", "use")}
"""What outlasts a cell, of a library whose calls are otherwise about the figure at hand."""
