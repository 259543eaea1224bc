import { create, type DescField, getOption, hasOption } from "@bufbuild/protobuf";
import {
  type FieldRules,
  FieldRulesSchema,
  field as rulesOf,
} from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";

/** The rules of a field that has none. */
export const NO_FIELD_RULES = create(FieldRulesSchema);

/** The rules that stand with a field. They are decoded at each call. */
export function fieldRules(field: DescField): FieldRules {
  return hasOption(field, rulesOf) ? getOption(field, rulesOf) : NO_FIELD_RULES;
}
