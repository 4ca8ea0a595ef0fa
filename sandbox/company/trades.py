"""Words the company's world is made of: trades, job titles, sources of leads, forms, next steps, reasons."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


INDUSTRIES: dict[str, str] = {
    "Computer Software": "COMPUTER_SOFTWARE",
    "Machinery": "MACHINERY",
    "Financial Services": "FINANCIAL_SERVICES",
    "Hospital & Health Care": "HOSPITAL_HEALTH_CARE",
    "Retail": "RETAIL",
    "Logistics and Supply Chain": "LOGISTICS_AND_SUPPLY_CHAIN",
    "Telecommunications": "TELECOMMUNICATIONS",
    "Education Management": "EDUCATION_MANAGEMENT",
    "Utilities": "UTILITIES",
    "Construction": "CONSTRUCTION",
    "Insurance": "INSURANCE",
    "Food Production": "FOOD_PRODUCTION",
    "Chemicals": "CHEMICALS",
    "Marketing and Advertising": "MARKETING_AND_ADVERTISING",
}

FIRM_FIRST = _words(
    "Northgate Halvorsen Bluewater Silverline Oakridge Meridian Kestrel Ironbridge Lakeside Summit Ashford "
    "Redwood Pinnacle Harbour Copperfield Stonebrook Evergreen Falcon Granite Highland Juniper Kingsway Lantern "
    "Maple Nordic Orchard Paragon Quarry Riverside Sterling Thornton Upland Vantage Westbrook Yarrow Zenith "
    "Aurora Beacon Cedar Dynamo Ember Fjord Glacier Horizon Indigo Jasper Krona Lumen Mistral Nimbus Opal Prisma "
    "Quanta Rhein Sable Tundra"
)
FIRM_SECOND = _words(
    "Robotics Logistics Systems Foods Energy Textiles Pharma Analytics Marine Software Steel Optics Media "
    "Insurance Health Networks Motors Packaging Chemicals Bank Aerospace Timber Diagnostics Instruments Brewing "
    "Mining Learning Retail Ventures Hydraulics Ceramics Mobility Polymers Security Lighting Freight Genetics "
    "Water Dental Printing"
)

TITLES: dict[str, float] = {
    "Chief Executive Officer": 3,
    "CEO": 3,
    "Chief Financial Officer": 3,
    "CFO & Co-Founder": 1,
    "Chief Revenue Officer": 1,
    "VP of Sales": 4,
    "VP Marketing": 4,
    "Vice President, Operations": 4,
    "Head of Procurement": 5,
    "Head of IT": 5,
    "Director of Engineering": 6,
    "Sales Director": 6,
    "Marketing Manager": 9,
    "IT Manager": 9,
    "Purchasing Manager": 6,
    "Operations Manager": 7,
    "Project Manager": 7,
    "Senior Software Engineer": 5,
    "Data Analyst": 5,
    "Consultant": 4,
    "Leiter Einkauf": 2,
    "Geschäftsführer": 2,
    "Directeur Général": 2,
    "Responsable Achats": 2,
    "Gerente de Compras": 2,
    "部長": 1,
    "Inköpschef": 1,
    "Owner": 3,
    "Student": 1,
    "Intern": 1,
    "🚀 Growth Ninja": 0.4,
    "n/a": 0.6,
}

PASSIVE_FORMS = ("Newsletter sign-up", "Whitepaper download", "Webinar registration", "eBook: RevOps in practice")
PROACTIVE_FORMS = ("Demo request", "Contact us", "Pricing enquiry", "Free trial")
LIST_SOURCES = ("Purchased List", "Trade Show - Badge Scan", "Data Enrichment")
INBOUND_SOURCES = (
    "Web",
    "Website Form",
    "Webinar",
    "Content Download",
    "Partner Referral",
    "Phone Inquiry",
    "Word of mouth",
)

NEXT_STEPS = (
    "Send revised quote",
    "Call with the CFO",
    "Security review with their IT",
    "Pilot kick-off",
    "Legal redlines back from buyer",
    "Demo for the operations team",
    "Agree success criteria",
    "Reference call with a customer",
    "Board decision",
)
NO_NEXT_STEPS = ("tbd", "n/a", "TBD", ".", "-", "follow up", "")
LOSS_REASONS = (
    "Price",
    "Lost to Competitor",
    "No Decision / Non-Responsive",
    "No Budget / Lost Funding",
    "Timing",
    "Missing feature",
    "Other",
    "Stale Opportunity",
    "Duplicate",
)
COMPETITORS = ("Acme Pipeline", "Globex Revenue Cloud", "Initech CRM Suite", "Spreadsheet")
REFUSALS = ("Not a fit", "Student", "Competitor", "Bad contact data", "No authority")
RECYCLES = ("Bad timing", "No budget", "No response", "Not ready")

ROLES: dict[str | None, float] = {
    None: 14,
    "Decision Maker": 25,
    "Economic Buyer": 12,
    "Economic Decision Maker": 5,
    "Evaluator": 18,
    "Influencer": 18,
    "Business User": 14,
    "Executive Sponsor": 5,
    "Other": 3,
}

OWN_DOMAIN = "bantam-sandbox.example"
FREE_MAIL = ("gmail.com", "outlook.com", "yahoo.com", "web.de", "hotmail.co.uk")
