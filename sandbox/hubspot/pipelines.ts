export interface Stage {
  id: string;
  label: string;
  displayOrder: number;
  metadata: Record<string, string>;
}

export interface Pipeline {
  id: string;
  label: string;
  displayOrder: number;
  stages: Stage[];
}

export interface PipelineInput {
  id: string;
  label?: string;
  stages: readonly {
    id: string;
    label?: string;
    /** Deals: 0 to 1; 1 is won, 0 is lost. */
    probability?: number | string;
    /** Tickets. */
    ticketState?: 'OPEN' | 'CLOSED';
  }[];
}

/** The pipelines of a new account: HubSpot's defaults. */
export function createPipelines(): Map<string, Pipeline[]> {
  const deals = definePipeline('deals', {
    id: 'default',
    label: 'Sales Pipeline',
    stages: [
      { id: 'appointmentscheduled', label: 'Appointment Scheduled', probability: '0.2' },
      { id: 'qualifiedtobuy', label: 'Qualified To Buy', probability: '0.4' },
      { id: 'presentationscheduled', label: 'Presentation Scheduled', probability: '0.6' },
      { id: 'decisionmakerboughtin', label: 'Decision Maker Bought-In', probability: '0.8' },
      { id: 'contractsent', label: 'Contract Sent', probability: '0.9' },
      { id: 'closedwon', label: 'Closed Won', probability: '1.0' },
      { id: 'closedlost', label: 'Closed Lost', probability: '0.0' },
    ],
  });
  const tickets = definePipeline('tickets', {
    id: '0',
    label: 'Support Pipeline',
    stages: [
      { id: '1', label: 'New', ticketState: 'OPEN' },
      { id: '2', label: 'Waiting on contact', ticketState: 'OPEN' },
      { id: '3', label: 'Waiting on us', ticketState: 'OPEN' },
      { id: '4', label: 'Closed', ticketState: 'CLOSED' },
    ],
  });
  return new Map([
    ['deals', [deals]],
    ['tickets', [tickets]],
  ]);
}

export function definePipeline(object: string, input: PipelineInput, order = 0): Pipeline {
  return {
    id: String(input.id),
    label: input.label ?? String(input.id),
    displayOrder: order,
    stages: input.stages.map((stage, index) => ({
      id: String(stage.id),
      label: stage.label ?? String(stage.id),
      displayOrder: index,
      metadata: describeStage(object, stage),
    })),
  };
}

function describeStage(
  object: string,
  stage: PipelineInput['stages'][number],
): Record<string, string> {
  if (object === 'tickets') return { ticketState: stage.ticketState ?? 'OPEN' };
  const given = String(stage.probability ?? '0.5');
  // HubSpot writes whole probabilities with one decimal.
  const probability = given.includes('.') ? given : `${given}.0`;
  const isClosed = Number(given) === 0 || Number(given) === 1;
  return { isClosed: String(isClosed), probability };
}
