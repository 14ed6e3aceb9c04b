/** What names of the demo company's world are made of. */
export const firstNames =
  'Ada|Alan|Amélie|Anika|Ben|Carla|Chen|Clara|Daniel|Diego|Elena|Emre|Eva|Farid|Fatima|Finn|' +
  'Grace|Hanna|Hugo|Ines|Ivan|Jana|Jonas|José|Julia|Karim|Kenji|Lara|Leo|Lina|Lukas|Maja|Marek|' +
  'Maria|Mia|Nadia|Nils|Noah|Nora|Olga|Omar|Oscar|Paula|Pedro|Petra|Priya|Rosa|Samir|Sara|Sofia|' +
  'Tariq|Tessa|Theo|Tom|Vera|Viktor|Wei|Yara|Yusuf|Zoë';
export const lastNames =
  'Abebe|Almeida|Andersson|Baker|Barros|Becker|Bianchi|Brandt|Castillo|Chang|Cohen|Costa|Dubois|' +
  'Eriksen|Fischer|Flores|García|Gupta|Haas|Hansen|Hassan|Herrera|Hughes|Ito|Ivanova|Jansen|' +
  'Jensen|Kaya|Keller|Khan|Kim|Kowalski|Lang|Larsen|Lefebvre|Lopez|Marino|Martin|Mensah|Meyer|' +
  'Müller|Nakamura|Novak|Okafor|Olsen|Park|Patel|Pereira|Petrov|Quinn|Ramos|Ricci|Rossi|Santos|' +
  'Sato|Schmidt|Silva|Smith|Söderberg|Tan|Taylor|Vogel|Walker|Weber|Wong|Yilmaz|Young|Zhang';
export const companyHeads =
  'Alpine|Amber|Anchor|Arbor|Argo|Atlas|Aurora|Beacon|Birch|Blue|Bright|Cedar|Cobalt|Copper|' +
  'Coral|Crescent|Delta|Eagle|Echo|Ember|Falcon|Fern|Forge|Granite|Harbor|Hazel|Helix|Indigo|' +
  'Iron|Juniper|Kestrel|Lantern|Lark|Linden|Lotus|Maple|Meridian|Nimbus|North|Nova|Oak|Onyx|' +
  'Orchid|Pioneer|Prairie|Quartz|Raven|River|Sable|Sage|Sierra|Silver|Solar|Spruce|Summit|Tidal|' +
  'Timber|Vector|Willow|Zephyr';
export const companyTails =
  'Analytics|Biotech|Bakery|Capital|Chemicals|Clinics|Components|Dairy|Dynamics|Electric|Energy|' +
  'Engineering|Foods|Freight|Furniture|Games|Glass|Hotels|Instruments|Labs|Lighting|Logistics|' +
  'Machines|Media|Metals|Mobility|Networks|Optics|Packaging|Paper|Pharma|Plastics|Press|Robotics|' +
  'Security|Shipping|Software|Steel|Systems|Textiles|Tools|Toys|Travel|Water|Works';
export const legalForms = ' Inc.| LLC| Ltd| GmbH| Corp| S.A.||';
export const cities =
  'Austin:United States|Boston:United States|Denver:United States|Berlin:Germany|Hamburg:Germany|' +
  'Paris:France|Lyon:France|Madrid:Spain|Porto:Portugal|Milan:Italy|Vienna:Austria|Oslo:Norway|' +
  'Utrecht:Netherlands|Dublin:Ireland|Toronto:Canada|Osaka:Japan|Nairobi:Kenya|São Paulo:Brazil';
export const titles =
  'CEO|CFO|CTO|Head of Operations|Head of Purchasing|IT Director|Buyer|Controller|Data Engineer|' +
  'Plant Manager|Office Manager|Marketing Manager|Product Manager|Sales Director|Analyst';
export const industries =
  'Banking|Biotechnology|Chemicals|Construction|Consulting|Education|Electronics|Energy|Finance|' +
  'Healthcare|Hospitality|Insurance|Machinery|Manufacturing|Media|Retail|Technology|Transportation';
export const products = 'Tide Basic|Tide Plus|Tide Pro|Mill 100|Mill 500|Mill 900|Care Plan';
export const subjects =
  'Intro call|Pricing question|Follow up on the offer|Renewal|Kick-off|Quarterly review|Demo|' +
  'Security review|Contract details|Training';
export const complaints =
  'Login fails|Invoice is wrong|Report is empty|Import stops half way|Wrong address on file|' +
  'Slow since the update|Export to spreadsheet|New user needs access';
