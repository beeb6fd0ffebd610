export type { AgentMetrics, KernelMeasures, SourceMeasures } from './metrics/agent.ts';
export { agentMetrics } from './metrics/agent.ts';
export type { Build, CallMeasure, QueueMeasures } from './metrics/common.ts';
export type { ControllerMeasures, ControllerMetrics } from './metrics/controller.ts';
export { controllerMetrics } from './metrics/controller.ts';
export type { OuterMapMeasures, StepSeconds, TurnMeasures, TurnStep } from './metrics/turn.ts';
