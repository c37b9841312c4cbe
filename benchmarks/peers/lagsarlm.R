# spatialreg: an SDM by lagsarlm(Durbin = TRUE) with the standard errors of its impacts, R = 1000 draws.
# Rscript lagsarlm.R FOLDER METHOD TRACES, FOLDER as benchmarks/data.py writes it; prints one line of figures.
arguments <- commandArgs(TRUE)
folder <- arguments[1]; method <- arguments[2]; traces <- arguments[3]
suppressMessages({library(spdep); library(spatialreg); library(Matrix)})
read_numbers <- function(name, what, size) {
  path <- file.path(folder, name)
  readBin(path, what, n = file.size(path) / size, size = size, endian = "little")
}
indptr <- read_numbers("indptr.i4", "integer", 4L)
indices <- read_numbers("indices.i4", "integer", 4L) + 1L
weights <- read_numbers("weights.f8", "double", 8L)
y <- read_numbers("y.f8", "double", 8L)
n <- length(y)
x <- matrix(read_numbers("x.f8", "double", 8L), nrow = n, byrow = TRUE)
data <- data.frame(y = y, x1 = x[, 1], x2 = x[, 2], x3 = x[, 3])
rows <- factor(rep.int(seq_len(n), diff(indptr)), levels = seq_len(n))
neighbours <- unname(split(indices, rows))
class(neighbours) <- "nb"
attr(neighbours, "region.id") <- as.character(seq_len(n))
attr(neighbours, "sym") <- is.symmetric.nb(neighbours, verbose = FALSE, force = TRUE)
# of equal weights spdep is told no more than the links, so that it knows that W is similar to a symmetric matrix
equal <- max(abs(weights * rep.int(diff(indptr), diff(indptr)) - 1)) < 1e-12
listw <- nb2listw(neighbours, glist = if (equal) NULL else unname(split(weights, rows)), style = "W")
set.seed(1)

start <- proc.time()[["elapsed"]]
model <- lagsarlm(y ~ x1 + x2 + x3, data = data, listw = listw, Durbin = TRUE, method = method)
fitted <- proc.time()[["elapsed"]]
powers <- trW(as(listw, "CsparseMatrix"), type = traces)
effects <- summary(impacts(model, tr = powers, R = 1000), zstats = TRUE)
end <- proc.time()[["elapsed"]]

figures <- c(seconds = end - start, fit_seconds = fitted - start, rho = unname(model$rho), rho_se = unname(model$rho.se),
             direct = effects$res$direct[[1]], total = effects$res$total[[1]], total_se = effects$semat[1, 3])
written <- paste0('"', names(figures), '": ', ifelse(is.finite(figures), sprintf("%.17g", figures), "null"))
cat("\n{", paste(written, collapse = ", "), "}\n", sep = "")
