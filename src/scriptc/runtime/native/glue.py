"""The Python side of native code: an extension module for one entry point, as C source.

It is written for the signature: exact tests of the arguments, `sc_tensor`s on the C stack, results
wrapped without a copy. What does not match goes to `miss`, a Python callable; a call that native
code gave up goes to `restart`, or raises what `fail` makes of the site. The module has one
function, `bind(...)`, which returns a callable.
"""

from __future__ import annotations

from collections.abc import Iterator

from scriptc.runtime.native.abi import (
    C_TYPES,
    ITEM_SIZES,
    DictSlot,
    EntryPoint,
    ListSlot,
    NoneSlot,
    Parameter,
    ScalarSlot,
    Slot,
    TensorSlot,
    TextSlot,
    TupleSlot,
    leaves,
)

MODULE = "scriptc_native"
"""The name of every extension module; each is loaded from a file of its own."""

_NUMPY = {
    "bool": ("NPY_BOOL", "Bool"),
    "int8": ("NPY_INT8", "Byte"),
    "int16": ("NPY_INT16", "Short"),
    "int32": ("NPY_INT32", "Int"),
    "int64": ("NPY_INT64", "Long"),
    "uint8": ("NPY_UINT8", "UByte"),
    "uint16": ("NPY_UINT16", "UShort"),
    "uint32": ("NPY_UINT32", "UInt"),
    "uint64": ("NPY_UINT64", "ULong"),
    "float32": ("NPY_FLOAT32", "Float"),
    "float64": ("NPY_FLOAT64", "Double"),
}

_HEAD = r"""
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>
#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/arrayobject.h>
#include <numpy/arrayscalars.h>
#include "scriptc.h"
"""

_SUPPORT = r"""
typedef struct {
    PyObject_HEAD
    vectorcallfunc call;
    PyObject *miss, *restart, *fail, *defaults, *acquire, *release;
    PyObject *dicts[PLACES + 1], *keys[PLACES + 1], *held[PLACES + 1];
    void *packs[PACKS + 1];
    sc_tensor constants[CONSTANTS + 1];
    const int *tracing;
    int threads;
} Bound;

/* Which array a constant is to be. */
typedef struct {
    int place, type, rank, item, wanted;
    int64_t sizes[SC_MAX_RANK];
} Constant;

static PyObject *names[PARAMETERS + 1];
static sc_workspace *pool; /* the GIL guards it */

static sc_workspace *take_workspace(int threads) {
    sc_workspace *ws = pool;
    if (ws) {
        pool = ws->next;
    } else {
        ws = (sc_workspace *)calloc(1, sizeof(sc_workspace));
        if (!ws) return NULL;
    }
    ws->threads = threads;
    ws->message[0] = 0;
    return ws;
}

static void give_workspace(sc_workspace *ws) {
    if (ws->blocks) sc_workspace_reset(ws);
    ws->next = pool;
    pool = ws;
}

/* Describes an array whose dtype and rank are known to fit; false where it cannot be taken. */
static inline bool take_array(
    PyObject *o, int type, int rank, int item, int wanted, sc_tensor *t) {
    if (Py_TYPE(o) != &PyArray_Type) return false;
    PyArrayObject *a = (PyArrayObject *)o;
    if (PyArray_TYPE(a) != type || PyArray_NDIM(a) != rank) return false;
    const int flags = PyArray_FLAGS(a);
    if ((flags & wanted) != wanted || PyArray_ISBYTESWAPPED(a)) return false;
    const npy_intp *shape = PyArray_DIMS(a), *strides = PyArray_STRIDES(a);
    t->data = PyArray_DATA(a);
    for (int i = 0; i < rank; i++) {
        if (strides[i] % item) return false;
        t->shape[i] = shape[i];
        t->strides[i] = strides[i] / item;
    }
    return true;
}

/* Describes the constants, which stay as they are, for all calls. */
static bool take_constants(Bound *self, const Constant *wanted) {
    for (int i = 0; i < CONSTANTS; i++) {
        const Constant *c = &wanted[i];
        sc_tensor *t = &self->constants[i];
        bool fits = take_array(self->held[c->place], c->type, c->rank, c->item, c->wanted, t);
        for (int axis = 0; fits && axis < c->rank; axis++) fits = t->shape[axis] == c->sizes[axis];
        if (!fits) {
            PyErr_SetString(PyExc_ValueError, "bind: a constant of another kind");
            return false;
        }
    }
    return true;
}

/* Whether the memory of two arrays may overlap. */
static bool overlaps(
    const sc_tensor *a, int rank_a, int item_a, const sc_tensor *b, int rank_b, int item_b) {
    const char *low[2], *high[2];
    const sc_tensor *both[2] = {a, b};
    const int ranks[2] = {rank_a, rank_b}, items[2] = {item_a, item_b};
    for (int k = 0; k < 2; k++) {
        int64_t least = 0, most = 0;
        for (int i = 0; i < ranks[k]; i++) {
            if (!both[k]->shape[i]) return false;
            const int64_t far = (both[k]->shape[i] - 1) * both[k]->strides[i];
            if (far < 0) least += far; else most += far;
        }
        low[k] = (const char *)both[k]->data + least * items[k];
        high[k] = (const char *)both[k]->data + (most + 1) * items[k];
    }
    return low[0] < high[1] && low[1] < high[0];
}

/* Whether two elements of an array may be one: such an array is written in NumPy's order only. */
static bool repeats(const sc_tensor *t, int rank) {
    bool taken[SC_MAX_RANK] = {false};
    int64_t extent = 1; /* of the axes that have been taken, those with the shortest steps first */
    for (int done = 0; done < rank; done++) {
        int least = -1;
        for (int i = 0; i < rank; i++) {
            if (taken[i]) continue;
            if (least < 0 || llabs(t->strides[i]) < llabs(t->strides[least])) least = i;
        }
        taken[least] = true;
        if (t->shape[least] == 0) return false;
        if (t->shape[least] == 1) continue;
        const int64_t step = llabs(t->strides[least]);
        if (step < extent) return true;
        extent += (t->shape[least] - 1) * step;
    }
    return false;
}

static void free_capsule(PyObject *capsule) { free(PyCapsule_GetPointer(capsule, NULL)); }

/* Makes an array of a result, which gives its memory up; it may share that of `owner`. */
static PyObject *give_array(sc_tensor *t, int type, int rank, int item, PyObject *owner) {
    npy_intp shape[SC_MAX_RANK], strides[SC_MAX_RANK];
    for (int i = 0; i < rank; i++) {
        shape[i] = (npy_intp)t->shape[i];
        strides[i] = (npy_intp)(t->strides[i] * item);
    }
    int flags = NPY_ARRAY_WRITEABLE;
    if (owner) flags = PyArray_FLAGS((PyArrayObject *)owner) & NPY_ARRAY_WRITEABLE;
    PyObject *made = PyArray_NewFromDescr(
        &PyArray_Type, PyArray_DescrFromType(type), rank, shape, strides, t->data, flags, NULL);
    if (!made) return NULL;
    if (owner) {
        Py_INCREF(owner);
        if (PyArray_SetBaseObject((PyArrayObject *)made, owner) < 0) {
            Py_DECREF(made);
            return NULL;
        }
    } else if (t->allocation == t->data && PyArray_IS_C_CONTIGUOUS((PyArrayObject *)made)) {
        PyArray_ENABLEFLAGS((PyArrayObject *)made, NPY_ARRAY_OWNDATA);
        t->allocation = NULL;
    } else {
        PyObject *capsule = PyCapsule_New(t->allocation, NULL, free_capsule);
        if (capsule) t->allocation = NULL;
        if (!capsule || PyArray_SetBaseObject((PyArrayObject *)made, capsule) < 0) {
            Py_DECREF(made);
            return NULL;
        }
    }
    return made;
}

/* What an attribute is now: a borrowed reference, or NULL. */
static inline PyObject *attribute(const Bound *self, int i) {
    return PyDict_GetItemWithError(self->dicts[i], self->keys[i]);
}

/* Lets the next call of the module begin, if calls are made in turn. */
static void unlock(const Bound *self) {
    if (!self->release) return;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *done = PyObject_CallNoArgs(self->release);
    if (!done) PyErr_WriteUnraisable(self->release);
    Py_XDECREF(done);
    PyErr_Restore(type, value, traceback);
}

static PyObject *pass_on(
    PyObject *to, PyObject *const *args, size_t nargsf, PyObject *kwnames) {
    Py_INCREF(to); /* another thread may put something else in its place meanwhile */
    PyObject *answer = PyObject_Vectorcall(to, args, nargsf, kwnames);
    Py_DECREF(to);
    return answer;
}
"""

_TYPE = r"""
static int bound_traverse(PyObject *o, visitproc visit, void *arg) {
    Bound *self = (Bound *)o;
    Py_VISIT(Py_TYPE(o));
    Py_VISIT(self->miss);
    Py_VISIT(self->restart);
    Py_VISIT(self->fail);
    Py_VISIT(self->defaults);
    Py_VISIT(self->acquire);
    Py_VISIT(self->release);
    for (int i = 0; i < PLACES; i++) {
        Py_VISIT(self->dicts[i]);
        Py_VISIT(self->held[i]);
    }
    return 0;
}

static int bound_clear(PyObject *o) {
    Bound *self = (Bound *)o;
    Py_CLEAR(self->miss);
    Py_CLEAR(self->restart);
    Py_CLEAR(self->fail);
    Py_CLEAR(self->defaults);
    Py_CLEAR(self->acquire);
    Py_CLEAR(self->release);
    for (int i = 0; i < PLACES; i++) {
        Py_CLEAR(self->dicts[i]);
        Py_CLEAR(self->keys[i]);
        Py_CLEAR(self->held[i]);
    }
    return 0;
}

static void bound_free(PyObject *o) {
    PyTypeObject *type = Py_TYPE(o);
    PyObject_GC_UnTrack(o);
    bound_clear(o);
    for (int i = 0; i < PACKS; i++) free(((Bound *)o)->packs[i]);
    type->tp_free(o);
    Py_DECREF(type);
}

static PyMemberDef bound_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Bound, call), READONLY, NULL},
    {"miss", T_OBJECT, offsetof(Bound, miss), 0, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot bound_slots[] = {
    {Py_tp_traverse, (void *)bound_traverse},
    {Py_tp_clear, (void *)bound_clear},
    {Py_tp_dealloc, (void *)bound_free},
    {Py_tp_call, (void *)PyVectorcall_Call},
    {Py_tp_members, (void *)bound_members},
    {0, NULL},
};

static PyType_Spec bound_spec = {
    "scriptc_native.Native", sizeof(Bound), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL |
        Py_TPFLAGS_DISALLOW_INSTANTIATION,
    bound_slots,
};

static PyTypeObject *bound_type;

/* bind(miss, restart, fail, defaults, attributes, lock, tracing, threads). The attributes, then
   those that are assigned, then those that are watched, are tuples of a dict, a key, and what is
   to be there; the dict of a constant is None. The lock, or None, is what calls take in turn. */
static PyObject *bind(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *miss, *restart, *fail, *defaults, *attributes, *lock;
    unsigned long long tracing;
    int threads;
    if (!PyArg_ParseTuple(args, "OOOO!O!OKi", &miss, &restart, &fail, &PyTuple_Type, &defaults,
                          &PyTuple_Type, &attributes, &lock, &tracing, &threads)) return NULL;
    if (PyTuple_GET_SIZE(attributes) != PLACES || PyTuple_GET_SIZE(defaults) != PARAMETERS) {
        PyErr_SetString(PyExc_ValueError, "bind: another number of attributes or defaults");
        return NULL;
    }
    Bound *self = (Bound *)bound_type->tp_alloc(bound_type, 0);
    if (!self) return NULL;
    self->call = call;
    self->miss = Py_NewRef(miss);
    self->restart = Py_NewRef(restart);
    self->fail = Py_NewRef(fail);
    self->defaults = Py_NewRef(defaults);
    self->tracing = (const int *)(uintptr_t)tracing;
    self->threads = threads;
    for (int i = 0; i < PLACES; i++) {
        PyObject *dict, *key, *held;
        if (!PyArg_ParseTuple(PyTuple_GET_ITEM(attributes, i), "OUO", &dict, &key, &held)) {
            Py_DECREF(self);
            return NULL;
        }
        self->held[i] = Py_NewRef(held);
        if (dict == Py_None) continue;
        self->dicts[i] = Py_NewRef(dict);
        self->keys[i] = Py_NewRef(key);
        PyUnicode_InternInPlace(&self->keys[i]);
    }
    if (lock != Py_None) {
        self->acquire = PyObject_GetAttrString(lock, "acquire");
        self->release = PyObject_GetAttrString(lock, "release");
        if (!self->acquire || !self->release) {
            Py_DECREF(self);
            return NULL;
        }
    }
    if (!prepare(self)) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static PyMethodDef methods[] = {
    {"bind", bind, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static int execute(PyObject *module) {
    if (PyArray_ImportNumPyAPI() < 0) return -1;
    bound_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &bound_spec, NULL);
    if (!bound_type) return -1;
    static const char *const texts[PARAMETERS + 1] = {NAMES};
    for (int i = 0; i < PARAMETERS; i++) {
        names[i] = PyUnicode_InternFromString(texts[i]);
        if (!names[i]) return -1;
    }
    return 0;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, (void *)execute},
    {0, NULL},
};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "scriptc_native", NULL, 0, methods, module_slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit_scriptc_native(void) { return PyModuleDef_Init(&definition); }
"""


def emit_glue(entry: EntryPoint, source: str) -> str:
    """Return the C source of the extension module; `source` is that of the entry point."""
    return "\n".join([_HEAD, source, _Glue(entry).emit()])


class _Glue:
    def __init__(self, entry: EntryPoint) -> None:
        self.entry = entry
        self.arguments = [p for p in entry.parameters if not p.path and not p.constant]
        self.attributes = [p for p in entry.parameters if p.path or p.constant]
        self.constants = [i for i, p in enumerate(self.attributes) if p.constant and not p.path]
        self.lines: list[str] = []
        self.inputs: list[str] = []
        self.owners: list[str] = []
        self.outputs: list[str] = []
        self.lists: list[str] = []
        self.tensors: list[tuple[str, TensorSlot]] = []
        self.held: list[str] = []
        self.reads = bool(entry.assigned or entry.watched or any(p.path for p in self.attributes))

    def emit(self) -> str:
        names = ", ".join([*(_c_string(p.name) for p in self.arguments), "NULL"])
        places = len(self.attributes) + len(self.entry.assigned) + len(self.entry.watched)
        head = [
            f"#define PARAMETERS {len(self.arguments)}",
            f"#define PACKS {self.entry.packs}",
            f"#define CONSTANTS {len(self.constants)}",
            f"#define PLACES {places}",
            _SUPPORT,
        ]
        parts = [*head, self._call(), self._prepare(), _TYPE.replace("NAMES", names)]
        return "\n".join(parts)

    def _prepare(self) -> str:
        """Return the function that takes, and packs, constants when the code is bound."""
        kinds = []
        for place in self.constants:
            slot = self.attributes[place].slot
            assert isinstance(slot, TensorSlot)
            kind = f"{place}, {_NUMPY[slot.dtype][0]}, {slot.rank}, {ITEM_SIZES[slot.dtype]}"
            sizes = ", ".join(map(str, slot.sizes)) or "0"
            kinds.append(f"        {{{kind}, {_flags(slot)}, {{{sizes}}}}},")
        packing = []
        if self.entry.packs:
            names = (f"&self->constants[{i}]" for i in range(len(self.constants)))
            packing = [
                f"    if ({self.entry.symbol}_pack({', '.join(['self->packs', *names])})) {{",
                "        PyErr_NoMemory();",
                "        return false;",
                "    }",
            ]
        return "\n".join(
            [
                "static bool prepare(Bound *self) {",
                "    static const Constant wanted[CONSTANTS + 1] = {",
                *kinds,
                "        {0, 0, 0, 0, 0, {0}},",
                "    };",
                "    if (!take_constants(self, wanted)) return false;",
                *packing,
                "    return true;",
                "}",
            ]
        )

    def line(self, text: str) -> None:
        self.lines.append("    " + text)

    def _call(self) -> str:
        self._bind_arguments()
        for i, parameter in enumerate(self.arguments):
            self._take(parameter.slot, f"given[{i}]", str(i))
        if self.reads:
            self.line("if (self->acquire) {")
            self.line("    PyObject *acquired = PyObject_CallNoArgs(self->acquire);")
            self.line("    if (!acquired) goto miss;")
            self.line("    Py_DECREF(acquired);")
            self.line("    locked = true;")
            self.line("}")
        for i, parameter in enumerate(self.attributes):
            self._attribute(i, parameter)
        for i, (_, slot) in enumerate(self.entry.watched):
            self._watch(len(self.attributes) + len(self.entry.assigned) + i, slot)
        self._refuse_overlaps()
        self._run()
        self._give()
        return "\n".join(
            [
                "static PyObject *call(PyObject *callable, PyObject *const *args,",
                "                      size_t nargsf, PyObject *kwnames) {",
                "    Bound *self = (Bound *)callable;",
                "    sc_workspace *ws = NULL;",
                "    int32_t status = 0;",
                *["    bool locked = false;"] * self.reads,
                *self.lines,
                *self._fail(),
                "miss:",
                *(f"    free({name}.data);" for name in self.lists),
                *(f"    Py_XDECREF({name});" for name in self._items()),
                *["    if (locked) unlock(self);"] * self.reads,
                "    if (PyErr_Occurred()) return NULL;",
                "    return pass_on(self->miss, args, nargsf, kwnames);",
                "}",
                "",
            ]
        )

    def _fail(self) -> list[str]:
        """Return the lines that raise the exception of a site."""
        if all(site.restarts for site in self.entry.sites):
            return []
        return [
            "fail:;",
            "    PyObject *message =",
            "        PyUnicode_DecodeUTF8(",
            '            ws->message, (Py_ssize_t)strlen(ws->message), "replace");',
            "    give_workspace(ws);",
            "    if (!message) return NULL;",
            "    PyObject *failed =",
            '        PyObject_CallFunction(self->fail, "iN", (int)status - 1, message);',
            "    Py_XDECREF(failed);",
            "    return NULL;",
        ]

    def _bind_arguments(self) -> None:
        for name in self._list_names():
            self.line(f"sc_list {name} = {{NULL, 0, 0}};")
        for name in self._items():
            self.line(f"PyObject *{name} = NULL;")
        count = len(self.arguments)
        self.line("if (self->tracing && *self->tracing) goto miss;")
        if not count:
            self.line("if (PyVectorcall_NARGS(nargsf) || kwnames) goto miss;")
            return
        self.line("PyObject *const *given = args;")
        self.line("PyObject *bound[PARAMETERS];")
        positional = 0
        while positional < count and not self.arguments[positional].keyword_only:
            positional += 1
        plain = f"PyVectorcall_NARGS(nargsf) == {count}" if positional == count else "false"
        self.line(f"if (SC_UNLIKELY(kwnames || !({plain}))) {{")
        for text in (
            "    const Py_ssize_t n = PyVectorcall_NARGS(nargsf);",
            f"    if (n > {positional}) goto miss;",
            "    for (Py_ssize_t i = 0; i < PARAMETERS; i++) bound[i] = i < n ? args[i] : NULL;",
            "    const Py_ssize_t more = kwnames ? PyTuple_GET_SIZE(kwnames) : 0;",
            "    for (Py_ssize_t i = 0; i < more; i++) {",
            "        PyObject *name = PyTuple_GET_ITEM(kwnames, i);",
            "        int at = -1;",
            "        for (int k = 0; k < PARAMETERS; k++) if (names[k] == name) at = k;",
            "        for (int k = 0; at < 0 && k < PARAMETERS; k++)",
            "            if (!PyUnicode_Compare(names[k], name)) at = k;",
            "        if (at < 0 || bound[at]) goto miss;",
            "        bound[at] = args[n + i];",
            "    }",
            "    for (int k = 0; k < PARAMETERS; k++) {",
            "        if (bound[k]) continue;",
            "        bound[k] = PyTuple_GET_ITEM(self->defaults, k);",
            "        if (bound[k] == Py_Ellipsis) goto miss;",
            "    }",
            "    given = bound;",
        ):
            self.line(text)
        self.line("}")

    def _list_names(self) -> Iterator[str]:
        def visit(slot: Slot, name: str) -> Iterator[str]:
            if isinstance(slot, ListSlot):
                yield f"list_{name}"
            elif isinstance(slot, TupleSlot):
                for i, element in enumerate(slot.elements):
                    yield from visit(element, f"{name}_{i}")

        for i, parameter in enumerate(self.arguments):
            yield from visit(parameter.slot, str(i))

    def _items(self) -> list[str]:
        """Return the variables of what is in dicts."""
        return [
            f"item_{i}_{j}"
            for i, parameter in enumerate(self.arguments)
            if isinstance(parameter.slot, DictSlot)
            for j in range(len(parameter.slot.elements))
        ]

    # --- arguments ------------------------------------------------------------------------------

    def _take(self, slot: Slot, code: str, name: str) -> None:
        match slot:
            case NoneSlot():
                self.line(f"if ({code} != Py_None) goto miss;")
            case TextSlot(value):
                self.line(
                    f"if (!PyUnicode_CheckExact({code}) || "
                    f"PyUnicode_CompareWithASCIIString({code}, {_c_string(value)})) goto miss;"
                )
            case DictSlot(elements, keys):
                self.line(
                    f"if (!PyDict_CheckExact({code}) || "
                    f"PyDict_GET_SIZE({code}) != {len(elements)}) goto miss;"
                )
                for i, (key, element) in enumerate(zip(keys, elements, strict=True)):
                    item = f"item_{name}_{i}"
                    self.line(f"{item} = PyDict_GetItemString({code}, {_c_string(key)});")
                    self.line(f"if (!{item}) goto miss;")
                    self.line(f"Py_INCREF({item});  /* another thread may take it out */")
                    self._take(element, item, f"{name}_{i}")
            case TupleSlot(elements):
                self.line(
                    f"if (!PyTuple_CheckExact({code}) || "
                    f"PyTuple_GET_SIZE({code}) != {len(elements)}) goto miss;"
                )
                for i, element in enumerate(elements):
                    self._take(element, f"PyTuple_GET_ITEM({code}, {i})", f"{name}_{i}")
            case ScalarSlot():
                self._take_scalar(slot, code, f"v_{name}")
            case ListSlot(element):
                self._take_list(element, code, f"list_{name}")
            case TensorSlot():
                self.line(f"sc_tensor t_{name};")
                self._take_tensor(slot, code, f"t_{name}")
                self.inputs.append(f"&t_{name}")
                self.owners.append(code)

    def _take_scalar(self, slot: ScalarSlot, code: str, name: str) -> None:
        self.line(f"{C_TYPES[slot.dtype]} {name};")
        self._number(slot, code, name)
        self.inputs.append(name)
        self.owners.append("NULL")

    def _number(self, slot: ScalarSlot, code: str, name: str) -> None:
        if not slot.python:
            kind = _NUMPY[slot.dtype][1]
            self.line(f"if (Py_TYPE({code}) != &Py{kind}ArrType_Type) goto miss;")
            self.line(f"{name} = PyArrayScalar_VAL({code}, {kind});")
        elif slot.dtype == "int64":
            self.line(f"if (!PyLong_CheckExact({code})) goto miss;")
            self.line("{")
            self.line("    int overflow;")
            self.line(f"    {name} = PyLong_AsLongLongAndOverflow({code}, &overflow);")
            self.line("    if (overflow) goto miss;")
            self.line("}")
        elif slot.dtype == "float64":
            self.line(f"if (!PyFloat_CheckExact({code})) goto miss;")
            self.line(f"{name} = PyFloat_AS_DOUBLE({code});")
        else:
            self.line(f"if (!PyBool_Check({code})) goto miss;")
            self.line(f"{name} = {code} == Py_True;")

    def _take_list(self, element: ScalarSlot, code: str, name: str) -> None:
        self.lists.append(name)
        type_ = C_TYPES[element.dtype]
        self.line(f"if (!PyList_CheckExact({code})) goto miss;")
        self.line("{")
        self.line(f"    const Py_ssize_t n = PyList_GET_SIZE({code});")
        self.line(f"    {name}.data = malloc((size_t)(n ? n : 1) * sizeof({type_}));")
        self.line(f"    if (!{name}.data) {{ PyErr_NoMemory(); goto miss; }}")
        self.line(f"    {name}.length = {name}.capacity = n;")
        self.line("    for (Py_ssize_t i = 0; i < n; i++) {")
        self.line(f"        PyObject *o = PyList_GET_ITEM({code}, i);")
        self.line(f"        {type_} v;")
        outer, self.lines = self.lines, []
        self._number(element, "o", "v")
        outer += ["    " * 2 + line for line in self.lines]
        self.lines = outer
        self.line(f"        (({type_} *){name}.data)[i] = v;")
        self.line("    }")
        self.line("}")
        self.inputs.append(f"&{name}")
        self.owners.append("NULL")

    def _take_tensor(self, slot: TensorSlot, code: str, name: str) -> None:
        type_, item = _NUMPY[slot.dtype][0], ITEM_SIZES[slot.dtype]
        self.line(
            f"if (!take_array({code}, {type_}, {slot.rank}, {item}, {_flags(slot)}, &{name})) "
            "goto miss;"
        )
        tests = [
            f"{name}.shape[{axis}] {'== 1' if size is None else f'!= {size}'}"
            for axis, size in enumerate(slot.sizes)
        ]
        if tests:
            self.line(f"if ({' || '.join(tests)}) goto miss;")
        self.tensors.append((name, slot))

    def _attribute(self, index: int, parameter: Parameter) -> None:
        if index in self.constants:
            assert isinstance(parameter.slot, TensorSlot)
            name = f"self->constants[{self.constants.index(index)}]"
            self.tensors.append((name, parameter.slot))
            self.inputs.append(f"&{name}")
            self.owners.append(f"self->held[{index}]")
            return
        self.line(f"PyObject *a_{index} = attribute(self, {index});")
        self.line(f"if (!a_{index}) goto miss;")
        self._take(parameter.slot, f"a_{index}", f"a{index}")

    def _watch(self, place: int, slot: Slot | None) -> None:
        """Write the test that an attribute is as the code takes for granted."""
        held = f"attribute(self, {place})"
        if slot is None:
            self.line(f"if ({held} != self->held[{place}]) goto miss;")
            return
        name = f"w_{place}"
        self.line("{")
        self.line(f"PyObject *{name} = {held};")
        self.line(f"if (!{name}) goto miss;")
        before = len(self.inputs), len(self.tensors), len(self.lists)
        self._take(slot, name, name)
        assert len(self.lists) == before[2]
        for leaf in self.inputs[before[0] :]:
            self.line(f"(void){leaf};")
        del self.inputs[before[0] :], self.owners[before[0] :], self.tensors[before[1] :]
        self.line("}")

    def _refuse_overlaps(self) -> None:
        for i, (name, slot) in enumerate(self.tensors):
            if not slot.writable:
                continue
            if not slot.contiguous:
                self.line(f"if (repeats(&{name}, {slot.rank})) goto miss;")
            for j, (other, its) in enumerate(self.tensors):
                if i == j or (its.writable and j < i):
                    continue
                self.line(
                    f"if (overlaps(&{name}, {slot.rank}, {ITEM_SIZES[slot.dtype]}, "
                    f"&{other}, {its.rank}, {ITEM_SIZES[its.dtype]})) goto miss;"
                )

    # --- the call itself ------------------------------------------------------------------------

    def _run(self) -> None:
        entry = self.entry
        results = [*leaves(entry.result)]
        for _, slot in entry.assigned:
            results += leaves(slot)
        for i, leaf in enumerate(results):
            if isinstance(leaf, TensorSlot):
                self.line(f"sc_tensor r_{i};")
                self.line(f"r_{i}.allocation = NULL; r_{i}.source = -1; r_{i}.identity = 0;")
            elif isinstance(leaf, ListSlot):
                self.line(f"sc_list r_{i} = {{NULL, 0, 0}};")
            else:
                self.line(f"{C_TYPES[leaf.dtype]} r_{i} = 0;")
            self.outputs.append(f"&r_{i}")
        self.line("ws = take_workspace(self->threads);")
        self.line("if (!ws) { PyErr_NoMemory(); goto miss; }")
        packs = ["self->packs"] if entry.packs else []
        arguments = ", ".join(["ws", *self.inputs, *self.outputs, *packs])
        # Another thread may assign the attributes meanwhile.
        self.held = [f"a_{i}" for i, p in enumerate(self.attributes) if p.path]
        for name in self.held:
            self.line(f"Py_INCREF({name});")
        self.held += self._items()
        if entry.releases_gil and entry.small_below:
            counts = (self._count(name, slot) for name, slot in self.tensors)
            self.line(f"const int64_t work = {' + '.join([*counts, '0'])};")
            self.line("PyThreadState *thread =")
            self.line(f"    work < {entry.small_below} ? NULL : PyEval_SaveThread();")
        elif entry.releases_gil:
            self.line("PyThreadState *thread = PyEval_SaveThread();")
        self.line(f"status = {entry.symbol}({arguments});")
        if entry.releases_gil:
            self.line("if (thread) PyEval_RestoreThread(thread);")
        for name in self.lists:
            self.line(f"free({name}.data);")
            self.line(f"{name}.data = NULL;")
        self.line("if (SC_UNLIKELY(status)) {")
        self._release("    ", range(len(results)), results)
        self._let_go("    ")
        for status, site in enumerate(entry.sites):
            if not site.restarts:
                self.line(f"    if (status == {status + 1}) goto fail;")
        self.line("    give_workspace(ws);")
        self.line("    return pass_on(self->restart, args, nargsf, kwnames);")
        self.line("}")
        self.line("give_workspace(ws);")
        self.results = results

    @staticmethod
    def _count(name: str, slot: TensorSlot) -> str:
        sizes = [
            f"{name}.shape[{axis}]" if size is None else str(size)
            for axis, size in enumerate(slot.sizes)
        ]
        return " * ".join(sizes or ["1"])

    def _let_go(self, indent: str) -> None:
        for name in self.held:
            self.line(f"{indent}Py_DECREF({name});")
        if self.reads:
            self.line(f"{indent}if (locked) unlock(self);")

    def _release(
        self, indent: str, indices: range, results: list[ScalarSlot | TensorSlot | ListSlot]
    ) -> None:
        for i in indices:
            if isinstance(results[i], TensorSlot):
                self.line(f"{indent}free(r_{i}.allocation);")
            elif isinstance(results[i], ListSlot):
                self.line(f"{indent}free(r_{i}.data);")

    def _give(self) -> None:
        count = len(self.results)
        for i in range(count):
            self.line(f"PyObject *o_{i} = NULL;")
        self.line(f"PyObject *owners[] = {{{', '.join([*self.owners, 'NULL'])}}};")
        self.line("(void)owners;")
        self.line("PyObject *result = NULL;")
        for i, leaf in enumerate(self.results):
            self._make(i, leaf)
        position = iter(range(count))
        self._build(self.entry.result, "result", position)
        for number, (_, slot) in enumerate(self.entry.assigned):
            self._assign(number, slot, position)
        if any("goto done;" in line for line in self.lines):
            self.line("done:")
        for i in range(count):
            self.line(f"Py_XDECREF(o_{i});")
        self._release("", range(count), self.results)
        self._let_go("")
        self.line("return result;")

    def _make(self, i: int, leaf: ScalarSlot | TensorSlot | ListSlot) -> None:
        if isinstance(leaf, TensorSlot):
            type_, item = _NUMPY[leaf.dtype][0], ITEM_SIZES[leaf.dtype]
            for k in range(i):
                if isinstance(self.results[k], TensorSlot):
                    self.line(f"if (r_{i}.source == {-2 - k}) o_{i} = Py_NewRef(o_{k}); else")
            self.line(f"if (r_{i}.identity) o_{i} = Py_NewRef(owners[r_{i}.source]);")
            self.line(
                f"else o_{i} = give_array(&r_{i}, {type_}, {leaf.rank}, {item}, "
                f"r_{i}.source >= 0 ? owners[r_{i}.source] : NULL);"
            )
        elif isinstance(leaf, ListSlot):
            self.line(f"o_{i} = PyList_New((Py_ssize_t)r_{i}.length);")
            self.line(f"if (!o_{i}) goto done;")
            type_ = C_TYPES[leaf.element.dtype]
            self.line(f"for (Py_ssize_t i = 0; i < (Py_ssize_t)r_{i}.length; i++) {{")
            self.line(f"    const {type_} v = (({type_} *)r_{i}.data)[i];")
            self.line(f"    PyObject *o = {_object(leaf.element, 'v')};")
            self.line("    if (!o) goto done;")
            self.line(f"    PyList_SET_ITEM(o_{i}, i, o);")
            self.line("}")
        elif leaf.python:
            self.line(f"o_{i} = {_object(leaf, f'r_{i}')};")
        elif leaf.dtype == "bool":
            self.line(f"o_{i} = Py_NewRef(r_{i} ? PyArrayScalar_True : PyArrayScalar_False);")
        else:
            kind = _NUMPY[leaf.dtype][1]
            self.line(f"o_{i} = PyArrayScalar_New({kind});")
            self.line(f"if (o_{i}) PyArrayScalar_ASSIGN(o_{i}, {kind}, r_{i});")
        self.line(f"if (!o_{i}) goto done;")

    def _build(self, slot: Slot, target: str, position: Iterator[int]) -> None:
        """Write code that puts the object of a slot, with a reference, into a variable."""
        if isinstance(slot, NoneSlot):
            self.line(f"{target} = Py_NewRef(Py_None);")
        elif isinstance(slot, DictSlot):
            name = f"dict_{len(self.lines)}"
            self.line(f"PyObject *{name} = PyDict_New();")
            self.line(f"if (!{name}) goto done;")
            self.line(f"{target} = {name};")
            for i, (key, element) in enumerate(zip(slot.keys, slot.elements, strict=True)):
                self.line(f"PyObject *{name}_{i} = NULL;")
                self._build(element, f"{name}_{i}", position)
                put = f"PyDict_SetItemString({name}, {_c_string(key)}, {name}_{i})"
                self.line(f"const int put_{name}_{i} = {put};")
                self.line(f"Py_DECREF({name}_{i});")
                self.line(f"if (put_{name}_{i}) goto done;")
        elif isinstance(slot, TupleSlot):
            name = f"tuple_{len(self.lines)}"
            self.line(f"PyObject *{name} = PyTuple_New({len(slot.elements)});")
            self.line(f"if (!{name}) goto done;")
            for i, element in enumerate(slot.elements):
                self.line(f"PyObject *{name}_{i} = NULL;")
                self._build(element, f"{name}_{i}", position)
                self.line(f"PyTuple_SET_ITEM({name}, {i}, {name}_{i});")
            self.line(f"{target} = {name};")
        else:
            i = next(position)
            self.line(f"{target} = o_{i};")
            self.line(f"o_{i} = NULL;")
            # A later result may be this very object.
            self.line(f"(void)o_{i};")

    def _assign(self, number: int, slot: Slot, position: Iterator[int]) -> None:
        index = len(self.attributes) + number
        self.line(f"PyObject *state_{number} = NULL;")
        self._build(slot, f"state_{number}", position)
        self.line(
            f"if (PyDict_SetItem(self->dicts[{index}], self->keys[{index}], state_{number}) < 0) "
            "Py_CLEAR(result);"
        )
        self.line(f"Py_DECREF(state_{number});")


def _flags(slot: TensorSlot) -> str:
    """Return the flags of NumPy that an array must have."""
    flags = ["NPY_ARRAY_ALIGNED"]
    flags += ["NPY_ARRAY_C_CONTIGUOUS"] * slot.contiguous
    flags += ["NPY_ARRAY_WRITEABLE"] * slot.writable
    return " | ".join(flags)


def _object(slot: ScalarSlot, code: str) -> str:
    if slot.dtype == "int64":
        return f"PyLong_FromLongLong({code})"
    return f"PyFloat_FromDouble({code})" if slot.dtype == "float64" else f"PyBool_FromLong({code})"


def _c_string(text: str) -> str:
    """Return a C string literal, whatever stands in the text."""
    escaped = "".join(
        chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else f"\\{b:03o}" for b in text.encode()
    )
    return f'"{escaped}"'
