"""What each parameter means, in one or two sentences, for the tip beside it and for `qgis_process help`."""

ROWS = "One feature (or row) for each unit; of a panel, one for each unit and period."
RANDOM = "The same number gives the same random numbers, and so the same results."

# by name, or by tool and name where a tool means something of its own
HINTS = {
    "INPUT": "The layer whose features are the units. Selected features only, if that box is ticked.",
    "OUTPUT": "The features of the input with further fields. Results are NULL for features that were left out.",
    "HTML": "A page with the tables, and the lines of Python that give the same numbers.",
    "SEED": RANDOM,
    # spatial weights
    "WEIGHTS": "Which features are neighbours. Contiguity needs polygons whose borders meet in the same vertices.",
    "ORDER": "1: features that touch; 2: those two steps away, without the first; and so on. Of contiguity.",
    "K": "How many of the nearest features are neighbours of each. Of nearest neighbours.",
    "DISTANCE": "Features up to so many metres apart are neighbours. Of a distance band.",
    "LINKS": "A CSV file with the columns focal, neighbor and weight, or a GAL file, with the ids of the features.",
    "STANDARDISE": "Rows that sum to one make the spatial lag a mean of the neighbours.",
    "weights.UNIT": "What links call the features by; by default the ids that QGIS gives them.",
    "weights.OUTPUT": "A line from each feature to each of its neighbours, with the fields focal, neighbor, weight.",
    "CSV": "A row for each link: focal, neighbor, weight. Other tools, and Python, read it.",
    "GAL": "The neighbours of each feature, without weights, as GeoDa and PySAL read them.",
    # Moran
    "FIELD": "The number whose pattern is asked about. Features where it is NULL are left out.",
    "PERMUTATIONS": "How often values are shuffled for p values. 0: by formula, and none by feature.",
    "moran.UNIT": "What a file of links calls the features by; by default the ids that QGIS gives them.",
    "moran.CORRECTION": "Many tests find some clusters by chance: what is done so that they are few.",
    "LEVEL": "p values below it, once corrected, make a cluster.",
    # regression
    "regression.INPUT": ROWS,
    "effects_map.INPUT": ROWS,
    "scenario.INPUT": ROWS,
    "Y": "A numeric field. Left empty if there is a formula.",
    "X": "Numeric fields. Left empty if there is a formula.",
    "FORMULA": "Fields, or log, log1p or sqrt of one, joined by +: log(inflow) ~ log(beds) + income. a:b is a "
    "product, a * b stands for a + b + a:b. A name with other signs stands in backticks. The fields of outcome and "
    "regressors are then left empty.",
    "MODEL": "SDM, SAR, SAC, GNS and instrumental variables have a spatial lag of the outcome, so that effects pass "
    "on from neighbour to neighbour; SLX and SDEM have effects of direct neighbours only; SEM has none.",
    "UNIT": "The field that tells one unit from another: needed for a panel, and for weights from a file with ids of "
    "your own.",
    "PERIOD": "The field that tells one period from another, such as the year. Left empty for a cross-section.",
    "EFFECTS": "Fixed effects of units take away what does not change over time, those of periods what all units "
    "share. Random effects suppose that units differ by chance, unrelated to the regressors: Hausman's test in the "
    "report asks whether that holds.",
    "UNITS": "If the table has no geometry: a layer with each unit once. Neighbours are found in it, and the output "
    "has its geometry.",
    "UNITS_ID": "The field of that layer that calls units as the table does.",
    "MISSING": "What a unit that is absent from a period, or has NULL, means. An error; of a cross-section, the "
    "feature stays without results. Or it did not exist then, and was nobody's neighbour. Or (SAR and SDM) it "
    "existed and only its outcome is unknown, which is predicted from the others in the column 'predicted'.",
    "CORRECTION": "With fixed effects and few periods maximum likelihood makes the variance of the errors too small; "
    "Lee and Yu's transformation does not. None gives what dummy variables give.",
    "COVARIANCE": "Observed or expected information if errors are alike and independent; robust if variances differ; "
    "clustered if errors of a unit are related over time; Driscoll-Kraay if those of units are related too.",
    "LAGGED": "For SDM, SLX, SDEM, GNS and instrumental variables: the fields whose values among neighbours are "
    "regressors too (partial Durbin). A product is lagged if all of its fields are named.",
    "DYNAMIC": "The outcome of the period before, its spatial lag, or both as regressors. The first period is given, "
    "and has no fitted value.",
    "HORIZON": "Effects within the period of a change (short run), or of a lasting change once it has worked itself "
    "out (long run). The report has both.",
    "ENDOGENOUS": "Regressors that depend on the outcome, or on what is left out of the model. A product with one of "
    "them is endogenous too.",
    "INSTRUMENTS": "Fields that move the endogenous regressors, and the outcome only through them. Those of the "
    "spatial lag are made from the regressors.",
    "AT": "The effect of a regressor in a product depends on what it is multiplied with. Write at which values it is "
    "wanted: digital = 0, 0.5, 1; log(gdp) = 10. Left empty, it is the effect at zero.",
    "VARIABLE": "A field, or a regressor as the report calls it. With values of moderators, for example log(beds) "
    "[digital=1].",
    "TESTS": "Moran's I of the residuals of least squares and Lagrange multiplier tests; or the sequence of tests "
    "from least squares to SDM. With random effects, Hausman's test against fixed ones. Dynamic models and panels "
    "with holes have none; those of instruments stand in the summary.",
    "SHOW": "Emitted: on all others; received: from all others; own: on the unit itself. The layer has all three.",
    "scenario.HORIZON": "The change within the period (short run), or what becomes of it if it lasts (long run).",
    # scenario
    "CHANGED": "A field that the model has among its regressors.",
    "HOW": "Whether the number below is added, taken as the new value, or multiplied by.",
    "AMOUNT": "The number that is added, taken, or multiplied by.",
    "WHERE": "An expression that is true where the field changes, such as \"city\" = 'Guangzhou'. Of a panel only "
    "the last period changes.",
    "SELECTED": "Whether the field changes only in features that are selected in the layer.",
    "DRAWS": "How many draws of the parameters the intervals come from.",
    "scenario.LEVEL": "Share of the draws inside the intervals.",
    # imbalance
    "imbalance.INPUT": "One feature or row a unit; tables need no geometry.",
    "HIGH": "For example the share of their beds that is in use.",
    "PRIMARY": "The same of primary care.",
    "UNIT_OF_USE": "Per cent: 85; share: 0.85.",
    "PEOPLE": "Weighs the units in means and shares; by default all count the same.",
    "VALUE": "For example beds per head; it must not be negative.",
    "GROUP": "Theil's index is parted into what lies between these groups and within them.",
    "OVERBURDENED": "Use from which hospitals are overburdened, in the unit above.",
    "IDLE": "Use up to which they are idle, in the unit above.",
    "KIND": "How use of the two is compared.",
    "imbalance.DRAWS": "How many resamples of the units the standard errors come from.",
    # places and hospitals
    "DEMAND": "Points or polygons, which stand by their centroids; or a table, if there is a table of costs.",
    "POPULATION": "People of each place, not negative. Places where it is NULL are left out.",
    "SUPPLY": "Points or polygons in any coordinate system; or a table, if there is a table of costs.",
    "CAPACITY": "Beds, physicians, or what else is shared: positive. Hospitals where it is NULL are left out.",
    "METHOD": "2SFCA, E2SFCA and 3SFCA give capacity per head: more is better. RAAM gives a cost: less is better.",
    "CUTOFF": "Hospitals farther away are out of reach. Not used with a table of costs, which has its own.",
    "TAU": "In metres, or in the units of the table of costs. Of RAAM, and needed by it.",
    "COSTS": "Minutes by road, fares, or what else is not negative. Ways that it does not list are out of reach.",
    "COSTS_DEMAND": "The field of the table of costs that names the place, by its id.",
    "COSTS_SUPPLY": "The field of the table of costs that names the hospital, by its id.",
    "COSTS_VALUE": "The field of the table of costs that holds the cost.",
    "COSTS_CUTOFF": "Hospitals that cost more are out of reach. Floating catchments need it.",
    "DEMAND_ID": "The field of the places with the ids that tables of costs and flows name them by.",
    "SUPPLY_ID": "The field of the hospitals with the ids that tables of costs and flows name them by.",
    "OUTPUT_SUPPLY": "The hospitals with further fields. Results are NULL for those that were left out.",
    "SIZE": "What attracts, positive. Several fields, each with its exponent, if there is a table of flows.",
    "NAME": "What the hospital chosen most is called in the output; by default its id.",
    "DECAY": "How the attraction falls with distance or cost c: c^-b, exp(-b c), or exp(-b c^2 / 2).",
    "FLOWS": "Patients of each place in each hospital, from which a and b are estimated. Pairs not listed are zero.",
    "FLOWS_DEMAND": "The field of the table of flows that names the place, by its id.",
    "FLOWS_SUPPLY": "The field of the table of flows that names the hospital, by its id.",
    "FLOWS_VALUE": "The field of the table of flows that holds the number of patients.",
    "ALPHA": "Twice the size attracts 2^a times as much. Not used with a table of flows, which tells it.",
    "BETA": "How fast attraction falls. Power: a number without unit, 2 by default. Exponential: about 1 / typical "
    "distance; Gaussian: about 1 / typical distance^2; in metres, or in the unit of the table of costs. Not used "
    "with a table of flows, which tells it.",
    "attraction.COVARIANCE": "People of one place choose alike, so that their choices are counted as one cluster; or "
    "all people choose independently.",
    # gravity
    "gravity.INPUT": "One row a pair of cities. A flow of zero is written 0; a pair that is absent is unknown.",
    "ORIGIN": "The field that names the city that people come from, by its id.",
    "DESTINATION": "The field that names the city that they go to, by its id.",
    "FLOW": "How many people went. It must not be negative.",
    "COST": "Minutes, fares, or what else it costs; by default the distance between the centroids in metres.",
    "REGRESSORS": "Further fields of pairs, such as whether both cities are in one province.",
    "CITIES": "All cities that the flows name: points or polygons, or a table, if the flows have a cost.",
    "ID": "The field of the cities with the ids that the flows name them by.",
    "DETERRENCE": "Power: by the logarithm of cost; exponential: by cost itself.",
    "gravity.COVARIANCE": "Which flows may be correlated: none, those of one origin, of one destination, of either, "
    "or of the two directions of a pair. Poisson: the variance is the mean.",
    "SEPARATED": "A city that sends or receives nothing has no finite estimate.",
}


def hint(tool, name):
    """Give what a parameter of a tool means."""
    return HINTS.get(f"{tool}.{name}") or HINTS.get(name, "")
