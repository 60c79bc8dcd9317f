/** What `npm run schemas` turns into the JSON Schemas of tests/schemas/slack. */
import type { HomeView, KnownBlock, ModalView } from "@slack/types";
import type { AppsManifestValidateArguments } from "@slack/web-api";

export type CercleManifest = Exclude<AppsManifestValidateArguments["manifest"], string>;
export interface CercleBlocks {
  block: KnownBlock;
  modal: ModalView;
  home: HomeView;
}
