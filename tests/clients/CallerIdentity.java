import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Asks STS who it is, by both of the JDK's clients, with the key pair of the environment. Nothing is configured in code. */
class CallerIdentity {
  static final String HOST = "sts.us-east-1.amazonaws.com";
  static final String BODY = "Action=GetCallerIdentity&Version=2011-06-15";

  public static void main(String[] args) throws Exception {
    var request = HttpRequest.newBuilder(URI.create("https://" + HOST + "/"))
        .POST(HttpRequest.BodyPublishers.ofString(BODY));
    signed().forEach(request::header);
    var answer = HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
    System.out.println("HttpClient " + answer.statusCode() + " " + answer.body().contains("<Arn>"));

    var connection = (HttpURLConnection) URI.create("https://" + HOST + "/").toURL().openConnection();
    connection.setDoOutput(true);
    signed().forEach(connection::setRequestProperty);
    connection.getOutputStream().write(BODY.getBytes(StandardCharsets.UTF_8));
    System.out.println("HttpURLConnection " + connection.getResponseCode());
  }

  static Map<String, String> signed() throws Exception {
    String time = ZonedDateTime.now(ZoneOffset.UTC).format(DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'"));
    String day = time.substring(0, 8);
    String token = System.getenv("AWS_SESSION_TOKEN");
    String type = "application/x-www-form-urlencoded";
    String names = "content-type;host;x-amz-date;x-amz-security-token";
    String canonical = "POST\n/\n\ncontent-type:" + type + "\nhost:" + HOST + "\nx-amz-date:" + time
        + "\nx-amz-security-token:" + token + "\n\n" + names + "\n" + sha256(BODY);
    String scope = day + "/us-east-1/sts/aws4_request";
    byte[] key = ("AWS4" + System.getenv("AWS_SECRET_ACCESS_KEY")).getBytes(StandardCharsets.UTF_8);
    for (String part : scope.split("/")) key = hmac(key, part);
    String signature = HexFormat.of()
        .formatHex(hmac(key, "AWS4-HMAC-SHA256\n" + time + "\n" + scope + "\n" + sha256(canonical)));
    var headers = new LinkedHashMap<String, String>();
    headers.put("Content-Type", type);
    headers.put("X-Amz-Date", time);
    headers.put("X-Amz-Security-Token", token);
    headers.put("Authorization", "AWS4-HMAC-SHA256 Credential=" + System.getenv("AWS_ACCESS_KEY_ID") + "/" + scope
        + ", SignedHeaders=" + names + ", Signature=" + signature);
    return headers;
  }

  static byte[] hmac(byte[] key, String text) throws Exception {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
  }

  static String sha256(String text) throws Exception {
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
  }
}
