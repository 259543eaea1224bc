/** What happens to the value at a pointer; neither where it has only become final. */
export interface JsonChange {
  readonly append?: string;
  readonly valueJson?: string;
}

/** Takes the changes of the document that is open. */
export type EmitJson = (pointer: string, change: JsonChange, final: boolean) => void;
