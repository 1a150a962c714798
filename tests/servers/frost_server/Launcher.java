import de.fraunhofer.iosb.ilt.frostserver.messagebus.MessageBusFactory;
import de.fraunhofer.iosb.ilt.frostserver.path.Version;
import de.fraunhofer.iosb.ilt.frostserver.persistence.PersistenceManagerFactory;
import de.fraunhofer.iosb.ilt.frostserver.service.PluginService;
import de.fraunhofer.iosb.ilt.frostserver.service.Service;
import de.fraunhofer.iosb.ilt.frostserver.service.ServiceRequest;
import de.fraunhofer.iosb.ilt.frostserver.service.ServiceRequestBuilder;
import de.fraunhofer.iosb.ilt.frostserver.service.ServiceResponseDefault;
import de.fraunhofer.iosb.ilt.frostserver.settings.CoreSettings;
import de.fraunhofer.iosb.ilt.frostserver.util.AuthProvider;
import de.fraunhofer.iosb.ilt.frostserver.util.HttpMethod;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Properties;
import java.net.URLDecoder;
import javax.servlet.ServletContext;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.apache.catalina.Context;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;

/**
 * Puts FROST-Server's public service API behind an embedded Tomcat: its own web application is not among the
 * artifacts that it publishes. Started as a single source file: java -cp JARS Launcher.java FOLDER PORT URL
 * USER PASSWORD. Two applications share one database: /open asks for no login, /closed does for whatever
 * writes.
 */
public class Launcher {

    public static void main(String[] words) throws Exception {
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(words[0]);
        Connector connector = new Connector();
        connector.setProperty("address", "127.0.0.1");
        connector.setPort(Integer.parseInt(words[1]));
        tomcat.setConnector(connector);
        add(tomcat, "/open", words, false);
        add(tomcat, "/closed", words, true);
        tomcat.start();
        System.out.println("ready");
        System.in.read(); // its end is ours: whoever started us is gone
        Runtime.getRuntime().halt(0);
    }

    static void add(Tomcat tomcat, String path, String[] words, boolean closed) {
        Context context = tomcat.addContext(path, Path.of(words[0]).toAbsolutePath().toString());
        context.addServletContainerInitializer((classes, servlets) -> {
            CoreSettings settings = settings(path, words, closed);
            PersistenceManagerFactory.init(settings);
            PersistenceManagerFactory.getInstance(settings);
            MessageBusFactory.createMessageBus(settings);
            if (closed) {
                protect(servlets, settings);
            }
            servlets.setAttribute(CoreSettings.TAG_CORE_SETTINGS, settings);
            servlets.addServlet("frost", new Frost(settings)).addMapping("/*");
        }, null);
    }

    static CoreSettings settings(String path, String[] words, boolean closed) {
        Properties all = new Properties();
        all.setProperty("serviceRootUrl", "http://127.0.0.1:" + words[1] + path);
        all.setProperty("tempPath", words[0]);
        all.setProperty("alwaysOrderbyId", "true");
        all.setProperty("bus.busImplementationClass",
                "de.fraunhofer.iosb.ilt.frostserver.messagebus.InternalMessageBus");
        all.setProperty("bus.queueSize", "100000");
        all.setProperty("persistence.persistenceManagerImplementationClass",
                "de.fraunhofer.iosb.ilt.frostserver.persistence.pgjooq.PostgresPersistenceManager");
        all.setProperty("persistence.autoUpdateDatabase", "true");
        for (String part : closed ? List.of("persistence.", "auth.") : List.of("persistence.")) {
            all.setProperty(part + "db.driver", "org.postgresql.Driver");
            all.setProperty(part + "db.url", words[2]);
            all.setProperty(part + "db.username", words[3]);
            all.setProperty(part + "db.password", words[4]);
        }
        if (closed) {
            all.setProperty("auth.provider", "de.fraunhofer.iosb.ilt.frostserver.auth.basic.BasicAuthProvider");
            all.setProperty("auth.autoUpdateDatabase", "true");
            all.setProperty("auth.allowAnonymousRead", "true");
        }
        return new CoreSettings(all);
    }

    static void protect(ServletContext servlets, CoreSettings settings) {
        try {
            AuthProvider login = (AuthProvider) Class.forName(
                    settings.getAuthSettings().get(CoreSettings.TAG_AUTH_PROVIDER, CoreSettings.class))
                    .getDeclaredConstructor().newInstance();
            login.init(settings);
            login.addFilter(servlets, settings);
            settings.addLiquibaseUser(login);
        } catch (ReflectiveOperationException error) {
            throw new IllegalStateException(error);
        }
    }

    /** From an HTTP request to a request of the service, and back. */
    static class Frost extends HttpServlet {

        private final CoreSettings settings;

        Frost(CoreSettings settings) {
            this.settings = settings;
        }

        @Override
        protected void service(HttpServletRequest asked, HttpServletResponse answer) throws IOException {
            answer.setCharacterEncoding("UTF-8");
            answer.setContentType("application/json");
            String whole = URLDecoder.decode(
                    asked.getRequestURI().substring(asked.getContextPath().length()).replace("+", "%2B"),
                    StandardCharsets.UTF_8);
            int slash = whole.indexOf('/', 1);
            String path = slash > 0 ? whole.substring(slash) : "";
            Version version = settings.getPluginManager().getVersion(
                    slash > 0 ? whole.substring(1, slash) : whole.substring(1));
            PluginService plugin = version == null
                    ? null : settings.getPluginManager().getServiceForPath(version, path);
            if (plugin == null) {
                tell(answer, 404, "Not Found");
                return;
            }
            try {
                serve(plugin, version, path, asked, answer);
            } catch (IllegalArgumentException error) {
                tell(answer, 400, error.getMessage());
            } catch (Exception error) {
                error.printStackTrace();
                tell(answer, 500, error.getMessage());
            }
        }

        private void serve(PluginService plugin, Version version, String path, HttpServletRequest asked,
                HttpServletResponse answer) throws Exception {
            String kind = plugin.getRequestTypeFor(
                    version, path, HttpMethod.fromString(asked.getMethod()), asked.getContentType());
            if (kind == null) {
                throw new IllegalArgumentException("Unhandled request; " + asked.getMethod() + " " + path);
            }
            String query = asked.getQueryString();
            ServiceRequest request = new ServiceRequestBuilder(settings, version)
                    .withRequestType(kind)
                    .withUrlPath(path)
                    .withUrlQuery(query == null ? null : URLDecoder.decode(query, StandardCharsets.UTF_8))
                    .withContent(new ByteArrayInputStream(asked.getInputStream().readAllBytes()))
                    .withContentType(asked.getContentType())
                    .withParameterMap(new HashMap<>())
                    .withUserPrincipal(asked.getUserPrincipal())
                    .build();
            ServiceResponseDefault said = new ServiceResponseDefault();
            try (Service service = new Service(settings)) {
                ServiceRequest.LOCAL_REQUEST.set(request);
                settings.getPluginManager().getServiceForRequestType(version, kind).execute(service, request, said);
            } finally {
                ServiceRequest.LOCAL_REQUEST.remove();
            }
            said.getHeaders().forEach(answer::addHeader);
            answer.setStatus(said.getCode());
            String words = said.getWriter().toString();
            answer.getWriter().write(said.isSuccessful() || said.getMessage() == null ? words : said.getMessage());
        }

        private static void tell(HttpServletResponse answer, int status, String words) throws IOException {
            answer.setStatus(status);
            answer.getWriter().write("{\"code\":" + status + ",\"type\":\"error\",\"message\":\"" + words + "\"}");
        }
    }
}
