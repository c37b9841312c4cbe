"""What each parameter of a regression means, for the tips of the dialog and the help of `qgis_process`."""

__all__ = ["MODEL", "WEIGHTS"]

WEIGHTS = {
    "WEIGHTS": "Who is whose neighbour. Contiguity needs polygons whose borders meet in the same vertices.",
    "ORDER": "For contiguity: 1 are direct neighbours, 2 the neighbours of these that are no direct ones, "
    "3 the next ring; each ring alone.",
    "K": "For nearest neighbours: how many each unit has. Distances are between centroids.",
    "DISTANCE": "For a distance band: units whose centroids are no farther apart are neighbours. In "
    "metres, on the plane of a projection, along geodesics for degrees.",
    "LINKS": "For weights from a file: CSV with the columns focal, neighbor and weight, or GAL. Ids are "
    "those of the field of units, otherwise those of the features.",
    "STANDARDISE": "Rows that sum to one make the spatial lag a mean over neighbours. A spectral radius of "
    "one keeps symmetric weights symmetric. As they are: the interval of rho follows from the weights.",
}

MODEL = WEIGHTS | {
    "INPUT": "One feature (or row) for each unit; of a panel, one for each unit and period.",
    "Y": "A numeric field. Left empty if there is a formula.",
    "X": "Numeric fields. Left empty if there is a formula.",
    "FORMULA": "Fields, or log, log1p or sqrt of one, joined by +: log(inflow) ~ log(beds) + income. a:b "
    "is a product, a * b stands for a + b + a:b. A name with other signs stands in backticks. The fields "
    "of outcome and regressors are then left empty.",
    "MODEL": "SDM, SAR, SAC, GNS and instrumental variables have a spatial lag of the outcome, so that "
    "effects pass on from neighbour to neighbour; SLX and SDEM have effects of direct neighbours only; SEM "
    "has none.",
    "UNIT": "The field that tells one unit from another: needed for a panel, and for weights from a file "
    "with ids of your own.",
    "PERIOD": "The field that tells one period from another, such as the year. Left empty for a "
    "cross-section.",
    "EFFECTS": "Fixed effects of units take away what does not change over time, those of periods what all "
    "units share. Random effects suppose that units differ by chance, unrelated to the regressors: "
    "Hausman's test in the report asks whether that holds.",
    "UNITS": "If the table has no geometry: a layer with each unit once. Neighbours are found in it, and "
    "the output has its geometry.",
    "UNITS_ID": "The field of that layer that calls units as the table does.",
    "MISSING": "What a unit that is absent from a period, or has NULL, means. An error; of a "
    "cross-section, the feature stays without results. Or it did not exist then, and was nobody's "
    "neighbour. Or (SAR and SDM) it existed and only its outcome is unknown, which is predicted from the "
    "others in the column 'predicted'.",
    "CORRECTION": "With fixed effects and few periods maximum likelihood makes the variance of the errors "
    "too small; Lee and Yu's transformation does not. None gives what dummy variables give.",
    "LAGGED": "For SDM, SLX, SDEM, GNS and instrumental variables: the fields whose values among "
    "neighbours are regressors too (partial Durbin). A product is lagged if all of its fields are named.",
    "COVARIANCE": "Observed or expected information if errors are alike and independent; robust if "
    "variances differ; clustered if errors of a unit are related over time; Driscoll-Kraay if those of "
    "units are related too.",
    "DYNAMIC": "The outcome of the period before, its spatial lag, or both as regressors. The first period "
    "is given, and has no fitted value.",
    "HORIZON": "Effects within the period of a change (short run), or of a lasting change once it has "
    "worked itself out (long run). The report has both.",
    "ENDOGENOUS": "Regressors that depend on the outcome, or on what is left out of the model. A product "
    "with one of them is endogenous too.",
    "INSTRUMENTS": "Fields that move the endogenous regressors, and the outcome only through them. Those "
    "of the spatial lag are made from the regressors.",
    "AT": "The effect of a regressor in a product depends on what it is multiplied with. Write at which "
    "values it is wanted: digital = 0, 0.5, 1; log(gdp) = 10. Left empty, it is the effect at zero.",
    "VARIABLE": "A field, or a regressor as the report calls it. With values of moderators, for example "
    "log(beds) [digital=1].",
}
