/** A change of the value at a pointer; without both fields, the value only became final. */
export interface JsonChange {
  readonly append?: string;
  readonly valueJson?: string;
}

/** Receives the changes of the open document. */
export type EmitJson = (pointer: string, change: JsonChange, final: boolean) => void;
