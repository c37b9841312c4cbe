"""What each parameter means, in one or two sentences, for the tip beside it and for `qgis_process help`."""

MODEL_ERRORS = (
    "How the errors of the coefficients are found: from the observed or the expected information of the likelihood; "
    "robust to unequal variances; clustered by unit; or Driscoll-Kraay, robust to correlation over time and space."
)
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
    "CORRECTION": "Many tests find some clusters by chance: what is done so that they are few.",
    "LEVEL": "p values below it, once corrected, make a cluster.",
    # regression
    "regression.INPUT": "One feature or row a unit; for a panel one a unit and period. Tables need no geometry.",
    "effects_map.INPUT": "One feature or row a unit; for a panel one a unit and period. Tables need no geometry.",
    "scenario.INPUT": "One feature or row a unit; for a panel one a unit and period. Tables need no geometry.",
    "MODEL": "What spills over: neighbours' outcomes, neighbours' regressors, or what the model does not know.",
    "Y": "The field that is explained.",
    "X": "The fields that explain it.",
    "FORMULA": "Takes the place of outcome and regressors. It knows log, log1p, sqrt and +.",
    "UNIT": "The field that tells which rows are of one unit. Every unit is needed in every period.",
    "PERIOD": "The field of years, or of other periods.",
    "EFFECTS": "What is held constant: all that differs between units, between periods, or both.",
    "UNITS": "Polygons or points, one a unit, from which neighbours are found.",
    "UNITS_ID": "The field of that layer with the units as the table names them.",
    "COVARIANCE": MODEL_ERRORS,
    "VARIABLE": "The regressor whose effects are given unit by unit.",
    "SHOW": "Emitted: on all others; received: from all others; own: on the unit itself.",
    # scenario
    "CHANGED": "A field that the model has among its regressors.",
    "HOW": "Whether the number below is added, taken as the new value, or multiplied by.",
    "AMOUNT": "The number that is added, taken, or multiplied by.",
    "WHERE": "An expression that is true where the field changes.",
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
    "BETA": "How fast attraction falls, by metre or unit of cost. Not used with a table of flows, which tells it.",
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
