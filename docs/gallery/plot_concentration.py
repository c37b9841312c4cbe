"""
Are tertiary hospitals where incomes are high?
==============================================

The concentration curve: the share of hospitals over the share of people, ranked by income. Above the diagonal
the poor have more. Simulated data.
"""

import spatialhealth as sh

panel = sh.datasets.load_panel()
per_head = (panel["tertiary"] / panel["population"]).rename("tertiary hospitals per head")
income = panel["gdp"].rename("GDP per head")
found = sh.imbalance.concentration(per_head, income, panel["population"], random_state=1)
print(found)

# %%
# The first and the last year.

picture = sh.maps.concentration_curve(found)
