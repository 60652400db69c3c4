// Made by scripts/make-xml-namespaces.mjs from the service models of botocore (Apache-2.0). Do not edit.

/** XML namespaces by endpoint prefix and signing name. */
export const XML_NAMESPACES: Readonly<Record<string, string>> = {
  "autoscaling": "http://autoscaling.amazonaws.com/doc/2011-01-01/",
  "cloudformation": "http://cloudformation.amazonaws.com/doc/2010-05-15/",
  "cloudsearch": "http://cloudsearch.amazonaws.com/doc/2013-01-01/",
  "ec2": "http://ec2.amazonaws.com/doc/2016-11-15",
  "elasticache": "http://elasticache.amazonaws.com/doc/2015-02-02/",
  "elasticbeanstalk": "http://elasticbeanstalk.amazonaws.com/docs/2010-12-01/",
  "elasticloadbalancing": "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
  "email": "http://ses.amazonaws.com/doc/2010-12-01/",
  "gamelift": "http://gamelift.amazonaws.com/doc/",
  "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
  "importexport": "http://importexport.amazonaws.com/doc/2010-06-01/",
  "monitoring": "http://monitoring.amazonaws.com/doc/2010-08-01/",
  "rds": "http://rds.amazonaws.com/doc/2014-10-31/",
  "redshift": "http://redshift.amazonaws.com/doc/2012-12-01/",
  "sdb": "http://sdb.amazonaws.com/doc/2009-04-15/",
  "ses": "http://ses.amazonaws.com/doc/2010-12-01/",
  "sns": "http://sns.amazonaws.com/doc/2010-03-31/",
  "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
};
