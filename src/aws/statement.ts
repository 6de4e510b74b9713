/** In which account a thing lies; `partition` is aws, aws-cn or aws-us-gov. */
export interface Place {
  readonly partition: string;
  readonly account: string;
}

/** One thing that may be done. Those of the same name are the same, on other resources or in other regions. */
export interface Statement {
  readonly Sid: string;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  /** Where nothing narrower than a region can be named; left out for what has no region. */
  readonly Regions?: readonly string[];
  /** Whether it changes anything: then only under a plan that was signed. */
  readonly changes: boolean;
}
