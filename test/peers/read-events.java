import com.fasterxml.jackson.databind.ObjectMapper;
import io.openlineage.client.OpenLineage;
import io.openlineage.client.OpenLineageClientUtils;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Reads events with the client that the standard's project generates from its schema, and prints
 * each as that client writes it. What the client has no field for is told on the other stream.
 */
public class ReadEvents {
  public static void main(String[] args) throws Exception {
    for (String line : Files.readAllLines(Path.of(args[0]))) {
      OpenLineage.RunEvent event = OpenLineageClientUtils.runEventFromJson(line);
      look("event", event, 0);
      System.out.println(OpenLineageClientUtils.toJson(event));
    }
  }

  private static void look(String path, Object value, int depth) throws Exception {
    if (value == null || depth > 20) return;
    if (value instanceof List<?> list) {
      for (Object item : list) look(path + "[]", item, depth + 1);
      return;
    }
    if (value instanceof Map<?, ?> map) {
      for (Object item : map.values()) look(path + "{}", item, depth + 1);
      return;
    }
    if (!value.getClass().getName().startsWith("io.openlineage.")) return;
    for (Method method : value.getClass().getMethods()) {
      String name = method.getName();
      if (!name.startsWith("get") || method.getParameterCount() > 0 || name.equals("getClass")) continue;
      Object found = method.invoke(value);
      if (name.equals("getAdditionalProperties") && found instanceof Map<?, ?> unknown) {
        boolean isMap = value.getClass().getSimpleName().equals("ColumnLineageDatasetFacetFields");
        if (!unknown.isEmpty() && !isMap) {
          System.err.println(path + ": no field for " + unknown.keySet());
        }
      }
      look(path + "." + name.substring(3), found, depth + 1);
    }
  }
}
