export {
  CertificateAuthority,
  type CertificateAuthorityDescription,
  type CertificateAuthorityOptions,
} from "./certificate-authority.ts";
export { CertificateAuthorityError, type CertificateAuthorityErrorCode } from "./certificate-authority-error.ts";
export type { LeafCertificate } from "./leaf-certificate.ts";
