import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;

/**
 * The system's certificates (PEM) as a store that Java reads: java TrustStore.java PEM STORE PASSWORD. Packages
 * make one when they are installed, and ours are only unpacked.
 */
public class TrustStore {

    public static void main(String[] words) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        try (FileInputStream in = new FileInputStream(words[0])) {
            int number = 0;
            for (Certificate one : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                store.setCertificateEntry("c" + number++, one);
            }
        }
        try (FileOutputStream out = new FileOutputStream(words[1])) {
            store.store(out, words[2].toCharArray());
        }
    }
}
