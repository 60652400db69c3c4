/** The IAM user whose key pair the fake AWS knows. */
export interface FakePrincipal {
  /** Twelve digits. */
  readonly account: string;
  readonly userName: string;
  /** `AIDA…` */
  readonly userId: string;
}
