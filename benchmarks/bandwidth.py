"""How fast W times a block of columns can be: the product that iterative engines live on, beside memory bandwidth.

    python -m benchmarks.bandwidth [--sizes 1000000] [--runs 7] [--json FILE] [--smoke]

scipy's CSR times a dense block of 8 or 16 columns, by one and by two threads; numba's kernel beside it if there;
a triad a = b + s c of long vectors, by numpy, in the same run. A product moves the matrix, the block and the result
once, if caches do their best: bytes of that, over time, over the triad's bytes a second, is its share. Last, the
factorisations: SuperLU in symmetric mode beside CHOLMOD, where sksparse or sksparse-minimal is installed.
"""

from __future__ import annotations

import itertools
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as spla

from benchmarks import data
from benchmarks.harness import Bench, options

BLOCKS = (8, 16)
FACTORISED = 100_000
TRIAD = 20_000_000  # elements, far more than caches hold


def main():
    """Measure the triad, the products and the factorisations."""
    given = options(__doc__, runs=7, sizes=(1_000_000,))
    bench = Bench("The block product and memory bandwidth", given)
    for n in [10_000] if bench.smoke else given.sizes:
        with ThreadPoolExecutor(2) as pool:
            speed = {threads: triad(bench, pool, threads) for threads in (1, 2)}
            products(bench, pool, data.lattice(n), speed)
    factorisations(bench, data.lattice(2_500 if bench.smoke else FACTORISED))
    bench.note("Bytes a second of the triad count what numpy's two passes read and write: five vectors.")
    bench.finish()


def timed(bench, what, function):
    """Give the seconds of every run; one before them is not counted."""
    function()
    seconds = []
    for _ in range(bench.given.runs):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    print(f"  {what}: {statistics.median(seconds):.4f} s", flush=True)
    return seconds


def in_parts(pool, function, size, threads):
    """Call function(start, end) over a range, by one thread or by several."""
    ends = [size * i // threads for i in range(threads + 1)]
    if threads == 1:
        function(0, size)
        return
    for part in [pool.submit(function, a, b) for a, b in itertools.pairwise(ends)]:
        part.result()


def triad(bench, pool, threads):
    """Bytes a second of a = b + s c."""
    size = 100_000 if bench.smoke else TRIAD
    a, b, c = np.zeros(size), np.full(size, 1.0), np.full(size, 2.0)

    def part(start, end):
        np.multiply(c[start:end], 3.0, out=a[start:end])
        np.add(a[start:end], b[start:end], out=a[start:end])

    what = f"triad, {threads} thread{'s'[: threads - 1]}"
    seconds = timed(bench, what, lambda: in_parts(pool, part, size, threads))
    rate = 5 * 8 * size / statistics.median(seconds)
    bench.check(f"{what} is right", bool((a == 7.0).all()))
    bench.add(what, size, seconds, note=f"{rate / 1e9:.1f} GB/s")
    return rate


def products(bench, pool, matrix, speed):
    """Measure W X by every way there is."""
    n = matrix.shape[0]
    kernel = numba_kernel()
    if kernel is None:
        bench.skip("the product by numba", "numba is not installed")
    rng = np.random.default_rng(0)
    for columns in BLOCKS:
        for kind, size in ((np.float64, 8), (np.float32, 4)):
            w = sp.csr_matrix((matrix.data.astype(kind), matrix.indices, matrix.indptr), shape=matrix.shape)
            x = rng.standard_normal((n, columns)).astype(kind)
            expected, out = w @ x, np.empty_like(x)
            moved = w.nnz * (size + 4) + 4 * n + 2 * size * n * columns
            ways = {"scipy": scipy_ways(w, x, out), "scipy, result given": inplace_ways(w, x, out)}
            if kernel is not None:
                ways["numba"] = numba_ways(kernel, w, x, out)
            base = None
            for way, function in ways.items():
                for threads in (1, 2):
                    out[:] = 0
                    what = f"{way}, {columns} columns of {np.dtype(kind).name}, {threads} thread{'s'[: threads - 1]}"
                    seconds = timed(bench, what, lambda f=function, t=threads: in_parts(pool, f, n, t))
                    bench.check(f"{what} is right", np.allclose(out, expected, rtol=1e-5, atol=1e-5))
                    median = statistics.median(seconds)
                    base = base or median
                    share = moved / median / speed[threads]
                    note = f"{moved / median / 1e9:.1f} GB/s, {share:.0%} of the triad by as many threads"
                    bench.add(what, n, seconds, ratio=median / base, note=note)


def scipy_ways(w, x, out):
    """Give the product of a range of rows by scipy."""

    def part(start, end):
        first, last = w.indptr[start], w.indptr[end]
        rows = sp.csr_matrix(
            (w.data[first:last], w.indices[first:last], w.indptr[start : end + 1] - first),
            shape=(end - start, w.shape[1]),
        )
        out[start:end] = rows @ x

    return part


def inplace_ways(w, x, out):
    """Give the same by the kernel below `@`, which adds to a result that is there: no pages to be made anew."""
    from scipy.sparse._sparsetools import csr_matvecs

    def part(start, end):
        out[start:end] = 0
        rows = w.indptr[start : end + 1]  # its entries are places in the whole arrays
        csr_matvecs(
            end - start, w.shape[1], x.shape[1], rows, w.indices, w.data, x.ravel(), out[start:end].ravel()
        )

    return part


def numba_kernel():
    """Compile the product of a range of rows, or None."""
    try:
        import numba
    except ImportError:
        return None

    @numba.njit(nogil=True, fastmath=True)
    def kernel(indptr, indices, values, x, out, start, end):
        for i in range(start, end):
            for k in range(x.shape[1]):
                out[i, k] = 0.0
            for place in range(indptr[i], indptr[i + 1]):
                j, value = indices[place], values[place]
                for k in range(x.shape[1]):
                    out[i, k] += value * x[j, k]

    return kernel


def numba_ways(kernel, w, x, out):
    """Give the product of a range of rows by numba; the first call compiles it."""
    return lambda start, end: kernel(w.indptr, w.indices, w.data, x, out, start, end)


def factorisations(bench, matrix):
    """Measure ln|I - 0.6 S| by every factorisation there is, S similar to W."""
    n = matrix.shape[0]
    similar = sp.csc_matrix(matrix.multiply(matrix.T))
    similar.data = np.sqrt(similar.data)
    system = sp.csc_matrix(sp.identity(n, format="csc") - data.RHO * similar)
    kept = {}

    def superlu():
        how = {"permc_spec": "MMD_AT_PLUS_A", "diag_pivot_thresh": 0.0, "options": {"SymmetricMode": True}}
        kept["superlu"] = float(np.log(np.abs(spla.splu(system, **how).U.diagonal())).sum())

    seconds = timed(bench, "factorisation by SuperLU", superlu)
    bench.add("factorisation and log-determinant, SuperLU in symmetric mode", n, seconds)
    log_determinant = cholmod()
    if log_determinant is None:
        bench.skip("the factorisation by CHOLMOD", "sksparse is not installed")
        return

    def other():
        kept["cholmod"] = log_determinant(system)

    again = timed(bench, "factorisation by CHOLMOD", other)
    ratio = statistics.median(again) / statistics.median(seconds)
    bench.add("factorisation and log-determinant, CHOLMOD (sksparse)", n, again, ratio=ratio)
    apart = abs(kept["superlu"] - kept["cholmod"])
    bench.check("CHOLMOD gives the same log-determinant", apart < 1e-8 * abs(kept["superlu"]), f"{apart:.1e}")


def cholmod():
    """Give a function from a system to its log-determinant by CHOLMOD, or None."""
    try:
        from sksparse.cholmod import cholesky
    except ImportError:
        pass
    else:
        return lambda system: float(cholesky(system).logdet())
    try:
        from sksparse_minimal import SparseCholesky
    except ImportError:
        return None

    def log_determinant(system):
        factor, ones = SparseCholesky(system), np.ones(system.shape[0])
        factor.solve_LD(ones)  # of large systems there are factors L L' until those of L D L' are asked for
        return -float(np.log(factor.solve_D(ones)).sum())

    return log_determinant


if __name__ == "__main__":
    main()
