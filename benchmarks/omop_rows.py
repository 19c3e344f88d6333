"""What the rows of made-up OMOP data say, as DuckDB statements for one block of people.

`{names}` are filled from omop_population.toml by omop_generator.py. People, their diseases, runs of
medicines and cramp markers become temporary tables; a draft then says how a table of the CDM is
filled from them.
"""

from __future__ import annotations

from dataclasses import dataclass

# u: a uniform draw of a person for a purpose; v: the same for the i-th of several.
MACROS = """
CREATE MACRO mixed(p, k) AS hash(xor(p::BIGINT * 65536 + k, {seed}::BIGINT));
CREATE MACRO u(p, k) AS (mixed(p, k) >> 11) / 9007199254740992.0::DOUBLE;
CREATE MACRO v(p, k, i) AS
    (hash(xor((mixed(p, k) >> 1)::BIGINT, i::BIGINT)) >> 11) / 9007199254740992.0::DOUBLE;
CREATE MACRO whole(x) AS floor(x)::INTEGER;
CREATE MACRO waiting(x) AS -ln(1 - x);
CREATE MACRO one_of(list, x) AS list[1 + whole(x * len(list))]
"""

# began, ended: the time under observation; g: the age group.
BORN = """
CREATE OR REPLACE TEMP TABLE born AS SELECT
    i::INTEGER AS person,
    least(100, {decade} * 10 + u(i, 2) * 10) AS age,
    u(i, 3) < CASE WHEN age > 70 THEN 0.57 ELSE 0.495 END AS female,
    1 + (age >= 18)::INT + (age >= 40)::INT + (age >= 60)::INT + (age >= 75)::INT AS g,
    DATE '{last_day}' - whole(u(i, 4) * CASE WHEN u(i, 5) < 0.6 THEN 60 ELSE 700 END) AS ended,
    ended - whole(age * 365.25) AS born,
    greatest(born, ended - whole(365.25 * (1 + 9 * pow(u(i, 6), 1.5)))) AS began,
    (ended - began) / 365.25 AS years,
    u(i, 7) < least(0.9, years * 0.00003 * exp(0.085 * age)) AS died
FROM range({first}, {last}) AS t(i)
"""
PEOPLE = "CREATE OR REPLACE TEMP TABLE people AS SELECT *, {diseases} FROM born"
SICK = """
CREATE OR REPLACE TEMP TABLE sick AS
SELECT person, began, ended, d, concept, source, code, lasts,
    CASE WHEN lasts > 0 THEN began + whole(u(person, 200 + d) * (ended - began))
         ELSE ended - whole(u(person, 200 + d) * least(5500, 200 * age)) END AS onset
FROM (SELECT person, age, began, ended, unnest([{flags}]) AS d FROM people) JOIN disease USING (d)
"""
RUNS = """
CREATE OR REPLACE TEMP TABLE run AS
SELECT person, c, planted, ended, one_of(products, u(person, 400 + c)) AS product,
    onset + whole(waiting(u(person, 500 + c)) * lag) AS started,
    least(ended, started + 20 + whole(waiting(u(person, 600 + c)) * keep)) AS stopped,
    one_of([28, 30, 30, 30, 84, 90, 90, 90], u(person, 700 + c)) AS supply,
    supply + whole(u(person, 800 + c) * 5) AS step,
    greatest(started, began + whole(u(person, 900 + c) * supply)) AS first_day
FROM sick JOIN care USING (d)
WHERE u(person, 300 + c) < share AND first_day < stopped
"""
MARKERS = """
CREATE OR REPLACE TEMP TABLE marker AS
WITH drawn AS (
    SELECT person, ended, began + whole(u(person, 21) * (ended - began)) AS day FROM people
    WHERE u(person, 20) < {rates}[g] * years * {most}
), starts AS (
    SELECT person, planted, min(started) AS started FROM run WHERE planted <> '' GROUP BY ALL
)
SELECT drawn.person, ended, day, u(drawn.person, 23) AS kind
FROM drawn LEFT JOIN starts
    ON starts.person = drawn.person AND day > started AND day <= started + {days}
GROUP BY ALL
HAVING u(drawn.person, 22) * {most} < coalesce(product({ratio}), 1)
"""

# What the rows of a table say, before they get their columns.
DRUGS = """
SELECT person, product,
    first_day + (i * step)::INT + whole(v(person, 1000 + c, i) * 4) AS day, supply
FROM (SELECT *, unnest(range(1 + (stopped - first_day) // step)) AS i FROM run)
WHERE day <= ended AND v(person, 1100 + c, i) >= 0.04
UNION ALL
SELECT person, {often}[1 + whole(pow(v(person, 31, i), 3) * {often_many})],
    began + whole(v(person, 32, i) * (ended - began)),
    one_of([5, 7, 7, 10, 14, 30], v(person, 33, i))
FROM (SELECT *, unnest(range(whole(waiting(u(person, 30)) * {medicines}[g] * years + 0.5))) AS i
    FROM people)
UNION ALL
SELECT person, CASE WHEN kind < 0.8 THEN one_of({tonic}, u(person, 24))
    ELSE one_of({relaxants}, u(person, 24)) END, day + (i * supply)::INT AS dispensed, supply
FROM (SELECT *, CASE WHEN kind < 0.8 THEN 30 ELSE 14 END AS supply,
        unnest(range(1 + whole(waiting(u(person, 25)) * (CASE WHEN kind < 0.8 THEN 4 ELSE 0.8 END)
        ))) AS i FROM marker WHERE kind >= 0.6)
WHERE dispensed <= ended
"""
CONDITIONS = """
SELECT person, concept, source, code,
    CASE WHEN i = 0 THEN greatest(onset, began + whole(u(person, 1300 + d) * 90))
         ELSE began + whole(v(person, 1400 + d, i) * (ended - began)) END AS day,
    CASE WHEN lasts > 0 THEN day + lasts END AS until
FROM (SELECT *, unnest(range(1 + whole(waiting(u(person, 1200 + d)) * 1.3))) AS i FROM sick
    WHERE code <> '')
WHERE day >= onset AND day <= ended
UNION ALL
SELECT person, e.concept, e.concept, e.code, began + whole(v(person, 41, i) * (ended - began)) AS d,
    CASE WHEN v(person, 42, i) < 0.7 THEN d + 3 + whole(v(person, 43, i) * 30) END
FROM (SELECT *, 1 + whole(pow(v(person, 44, i), 3) * {illness_many}) AS n FROM (
    SELECT *, unnest(range(whole(waiting(u(person, 40)) * {illnesses}[g] * years + 0.5))) AS i
    FROM people)) JOIN illness e USING (n)
UNION ALL
SELECT person, m.concept, m.source, m.code,
    day + (i * (20 + whole(u(person, 27) * 120)))::INT AS seen, NULL
FROM (SELECT *, unnest(range(1 + whole(waiting(u(person, 26)) * 0.8))) AS i FROM marker
    WHERE kind < 0.6) JOIN marked m ON kind >= m.least AND kind < m.most
WHERE seen <= ended
"""
TESTS = """
SELECT person, concept, code, day, l * 64 + j AS nth,
    sqrt(2 * waiting(v(person, 55, nth))) * cos(2 * pi() * v(person, 56, nth)) AS z,
    CASE WHEN log THEN mean * exp(sd * z) ELSE mean + sd * z END * {shift} AS usual,
    v(person, 57, nth) < 0.12 AND other <> '' AS otherwise,
    CASE WHEN otherwise THEN usual * times + plus ELSE usual END AS exact,
    CASE WHEN v(person, 58, nth) < 0.02 THEN NULL WHEN v(person, 58, nth) > 0.9995 THEN -exact
         WHEN v(person, 58, nth) > 0.999 THEN exact * 1000 ELSE exact END AS value,
    CASE WHEN v(person, 59, nth) < 0.03 THEN 0 WHEN otherwise THEN other_unit
         ELSE unit END AS unit_id,
    CASE WHEN otherwise THEN other ELSE spelled END AS unit_says,
    CASE WHEN v(person, 60, nth) > 0.6 THEN NULL WHEN otherwise THEN low * times + plus
         ELSE low END AS least,
    CASE WHEN v(person, 60, nth) > 0.6 THEN NULL WHEN otherwise THEN high * times + plus
         ELSE high END AS most
FROM (SELECT *, began + whole(v(person, 52, j) * (ended - began)) AS day FROM (
    SELECT *, unnest(range(1 + whole(waiting(u(person, 51)) * 0.5))) AS j FROM people
    WHERE u(person, 50) < 0.5 AND age >= 18)), lab
WHERE v(person, 53, l * 64 + j) < panel
"""
PROCEDURES = """
SELECT person, e.concept, e.code, began + whole(v(person, 71, i) * (ended - began)) AS day
FROM (SELECT *, 1 + whole(pow(v(person, 72, i), 2) * {procedure_many}) AS n FROM (
    SELECT *, unnest(range(whole(waiting(u(person, 70)) * {procedures}[g] * years + 0.5))) AS i
    FROM people)) JOIN procedure e USING (n)
"""
OBSERVATIONS = """
SELECT person, e.concept, e.code, began + whole(v(person, 81, i) * (ended - began)) AS day,
    NULL AS says
FROM (SELECT *, 1 + whole(pow(v(person, 82, i), 2) * {remark_many}) AS n FROM (
    SELECT *, unnest(range(whole(waiting(u(person, 80)) * {observations}[g] * years + 0.5))) AS i
    FROM people)) JOIN remark e USING (n)
UNION ALL
SELECT person, {smoking}, '72166-2', began + whole(u(person, 84) * (ended - began)),
    one_of(['Never smoker', 'Never smoker', 'Never smoker', 'Former smoker',
        'Current every day smoker'], u(person, 85))
FROM people WHERE age >= 18 AND u(person, 83) < 0.6
"""
PERIODS = """
SELECT person, began AS day,
    CASE WHEN two THEN began + whole((ended - began) * 0.4) ELSE ended END AS until
FROM (SELECT *, u(person, 8) < 0.06 AND years > 3 AS two FROM people)
UNION ALL
SELECT person, began + whole((ended - began) * 0.4) + 60 + whole(u(person, 9) * 250), ended
FROM people WHERE u(person, 8) < 0.06 AND years > 3
UNION ALL
SELECT (SELECT max(person) FROM people) + 1 + i::INT, DATE '2021-01-01', DATE '2024-12-31'
FROM range({nobody}) AS t(i)
"""


@dataclass(frozen=True)
class Draft:
    """How a table is filled: the rows, what goes into which column, and the order of the rows."""

    table: str
    rows: str
    columns: dict[str, str]
    order: str
    doubled: bool = True


DRAFTS = (
    Draft(
        "person",
        "SELECT *, born AS day FROM people",
        {
            "person_id": "person",
            "gender_concept_id": "CASE WHEN u(person, 10) < 0.003 THEN 0 WHEN female THEN 8532 "
            "ELSE 8507 END",
            "year_of_birth": "year(born)",
            "month_of_birth": "CASE WHEN u(person, 11) >= 0.05 THEN month(born) END",
            "day_of_birth": "CASE WHEN u(person, 11) >= 0.05 THEN day(born) END",
            "birth_datetime": "CASE WHEN u(person, 11) >= 0.05 THEN born END",
            "gender_source_value": "CASE WHEN female THEN 'F' ELSE 'M' END",
            "person_source_value": "'p' || person",
        },
        order="person",
        doubled=False,
    ),
    Draft(
        "observation_period",
        PERIODS,
        {
            "observation_period_id": "id",
            "person_id": "person",
            "observation_period_start_date": "day",
            "observation_period_end_date": "until",
            "period_type_concept_id": "44814724",
        },
        order="person, day",
        doubled=False,
    ),
    Draft(
        "death",
        "SELECT person, ended AS day FROM people WHERE died",
        {
            "person_id": "person",
            "death_date": "day",
            "death_datetime": "day",
            "death_type_concept_id": "38003566",
        },
        order="person",
        doubled=False,
    ),
    Draft(
        "drug_exposure",
        f"SELECT d.*, concept_code, v(person, 34, day - DATE '1970-01-01') AS luck "
        f"FROM ({DRUGS}) AS d LEFT JOIN concept ON concept_id = product",
        {
            "drug_exposure_id": "id",
            "person_id": "person",
            "drug_concept_id": "CASE WHEN luck > 0.995 THEN 0 ELSE product END",
            "drug_exposure_start_date": "day",
            "drug_exposure_start_datetime": "day",
            "drug_exposure_end_date": "CASE WHEN luck < 0.03 THEN NULL WHEN luck < 0.031 "
            "THEN day - 5 ELSE day + supply - 1 END",
            "drug_exposure_end_datetime": "CASE WHEN luck >= 0.031 THEN day + supply - 1 END",
            "drug_type_concept_id": "32869",
            "refills": "0",
            "quantity": "supply",
            "days_supply": "CASE WHEN luck >= 0.06 THEN supply END",
            "drug_source_value": "concept_code",
            "drug_source_concept_id": "CASE WHEN luck > 0.995 THEN 0 ELSE product END",
        },
        order="person, day, product, supply",
    ),
    Draft(
        "condition_occurrence",
        "SELECT c.* REPLACE (CASE WHEN v(person, 45, luck) < 0.001 THEN born - 400 ELSE day END "
        "AS day) FROM (SELECT *, day - DATE '1970-01-01' + concept AS luck "
        f"FROM ({CONDITIONS})) AS c JOIN people USING (person)",
        {
            "condition_occurrence_id": "id",
            "person_id": "person",
            "condition_concept_id": "CASE WHEN v(person, 46, luck) < 0.01 THEN 0 ELSE concept END",
            "condition_start_date": "day",
            "condition_start_datetime": "day",
            "condition_end_date": "CASE WHEN v(person, 47, luck) < 0.001 THEN day - 9 "
            "ELSE until END",
            "condition_type_concept_id": "38000175",
            "condition_source_value": "code",
            "condition_source_concept_id": "source",
        },
        order="person, day, concept, source, until",
    ),
    Draft(
        "measurement",
        TESTS,
        {
            "measurement_id": "id",
            "person_id": "person",
            "measurement_concept_id": "concept",
            "measurement_date": "day",
            "measurement_datetime": "day",
            "measurement_type_concept_id": "38000267",
            "value_as_number": "round(value, 3)",
            "unit_concept_id": "unit_id",
            "range_low": "round(least, 2)",
            "range_high": "round(most, 2)",
            "measurement_source_value": "code",
            "measurement_source_concept_id": "concept",
            "unit_source_value": "unit_says",
            "value_source_value": "round(value, 1)::VARCHAR",
        },
        order="person, day, nth",
    ),
    Draft(
        "procedure_occurrence",
        PROCEDURES,
        {
            "procedure_occurrence_id": "id",
            "person_id": "person",
            "procedure_concept_id": "concept",
            "procedure_date": "day",
            "procedure_datetime": "day",
            "procedure_end_date": "day",
            "procedure_type_concept_id": "38000267",
            "procedure_source_value": "code",
            "procedure_source_concept_id": "concept",
        },
        order="person, day, concept",
    ),
    Draft(
        "observation",
        OBSERVATIONS,
        {
            "observation_id": "id",
            "person_id": "person",
            "observation_concept_id": "concept",
            "observation_date": "day",
            "observation_datetime": "day",
            "observation_type_concept_id": "38000280",
            "value_as_string": "says",
            "observation_source_value": "code",
            "observation_source_concept_id": "concept",
            "value_source_value": "says",
        },
        order="person, day, concept",
    ),
)
CDM_SOURCE = {
    "cdm_source_name": "'nightcramp made-up people'",
    "cdm_source_abbreviation": "'made-up'",
    "cdm_holder": "'nightcramp'",
    "source_description": "'Made-up people for benchmarks; evidence of nothing.'",
    "source_release_date": "DATE '{last_day}'",
    "cdm_release_date": "DATE '{last_day}'",
    "cdm_version": "'5.4'",
    "cdm_version_concept_id": "756265",
    "vocabulary_version": "'v5.0 09-APR-22*'",
}
