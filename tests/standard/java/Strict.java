import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.parser.StrictErrorHandler;
import ca.uhn.fhir.rest.api.server.cdshooks.CdsHooksExtension;
import ca.uhn.fhir.serializer.FhirResourceDeserializer;
import ca.uhn.fhir.serializer.FhirResourceSerializer;
import ca.uhn.hapi.fhir.cdshooks.api.json.CdsServiceAcceptedSuggestionJson;
import ca.uhn.hapi.fhir.cdshooks.api.json.CdsServiceFeebackOutcomeEnum;
import ca.uhn.hapi.fhir.cdshooks.api.json.CdsServiceFeedbackJson;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.deser.DeserializationProblemHandler;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.TreeSet;
import org.hl7.fhir.instance.model.api.IBaseResource;

/**
 * Reads each line of the input, {"name", "class", "body"}, as one of HAPI's classes of CDS Hooks and says in a line what came of it:
 * {"name", "unknown", "missing", "error"}. It is stricter than HAPI's own mapper, which lets pass what it does not know and what it
 * requires and does not get. With {"class": "feedback-of-hapi"} it writes the body of one item as HAPI does.
 */
public class Strict {
    private static final String CLASSES = "ca.uhn.hapi.fhir.cdshooks.api.json.";

    /** HAPI asks for a class for each extension that was agreed; this takes any object. */
    private static class Agreed extends JsonDeserializer<CdsHooksExtension> {
        @Override
        public CdsHooksExtension deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            JsonNode read = parser.readValueAsTree();
            return read.isObject() ? new CdsHooksExtension() : context.reportInputMismatch(this, "an extension is an object");
        }
    }

    public static void main(String[] words) throws Exception {
        TreeSet<String> unknown = new TreeSet<>();
        ObjectMapper mapper = mapper(unknown);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            JsonNode asked = mapper.readTree(line);
            ObjectNode said = mapper.createObjectNode().put("name", asked.get("name").asText());
            if (asked.get("class").asText().equals("feedback-of-hapi")) {
                said.set("body", mapper.valueToTree(feedback()));
            } else {
                judge(mapper, asked, said, unknown);
            }
            System.out.println(mapper.writeValueAsString(said));
        }
    }

    private static void judge(ObjectMapper mapper, JsonNode asked, ObjectNode said, TreeSet<String> unknown) throws Exception {
        unknown.clear();
        List<String> missing = new ArrayList<>();
        try {
            Class<?> kind = Class.forName(CLASSES + asked.get("class").asText());
            require(mapper.treeToValue(asked.get("body"), kind), kind.getSimpleName(), missing);
        } catch (JsonProcessingException refused) {
            said.put("error", refused.getOriginalMessage());
        }
        said.set("unknown", mapper.valueToTree(unknown));
        said.set("missing", mapper.valueToTree(missing));
    }

    private static ObjectMapper mapper(TreeSet<String> unknown) {
        FhirContext r4 = FhirContext.forR4();
        r4.setParserErrorHandler(new StrictErrorHandler());
        SimpleModule module = new SimpleModule();
        module.addDeserializer(IBaseResource.class, new FhirResourceDeserializer(r4));
        module.addSerializer(new FhirResourceSerializer(r4));
        module.addDeserializer(CdsHooksExtension.class, new Agreed());
        ObjectMapper mapper = new ObjectMapper().registerModule(module);
        mapper.enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES, DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY);
        mapper.setSerializationInclusion(JsonInclude.Include.NON_NULL);
        return mapper.addHandler(new DeserializationProblemHandler() {
            @Override
            public boolean handleUnknownProperty(
                    DeserializationContext context, JsonParser parser, JsonDeserializer<?> reader, Object bean, String name)
                    throws IOException {
                unknown.add(bean.getClass().getSimpleName() + "." + name);
                parser.skipChildren();
                return true;
            }
        });
    }

    /** Jackson requires a member only where a constructor takes it; HAPI's classes mark theirs and have setters. */
    private static void require(Object bean, String at, List<String> missing) throws IllegalAccessException {
        for (Class<?> kind = bean.getClass(); kind != Object.class; kind = kind.getSuperclass()) {
            for (Field field : kind.getDeclaredFields()) {
                JsonProperty named = field.getAnnotation(JsonProperty.class);
                if (named == null) {
                    continue;
                }
                field.setAccessible(true);
                Object value = field.get(bean);
                if (value == null && named.required()) {
                    missing.add(at + "." + named.value());
                }
                for (Object inner : value instanceof List<?> many ? many : Collections.singletonList(value)) {
                    if (inner != null && inner.getClass().getName().startsWith(CLASSES) && !inner.getClass().isEnum()) {
                        require(inner, at + "." + named.value(), missing);
                    }
                }
            }
        }
    }

    private static CdsServiceFeedbackJson feedback() {
        CdsServiceAcceptedSuggestionJson accepted = new CdsServiceAcceptedSuggestionJson();
        accepted.setId("4e0a3a1e-3283-4575-ab82-028d55fe2719");
        return new CdsServiceFeedbackJson()
                .setCard("9f6a2a39-3b1b-4bd6-8ba0-0fd1f0a2a5c1")
                .setOutcome(CdsServiceFeebackOutcomeEnum.accepted)
                .setAcceptedSuggestions(List.of(accepted))
                .setOutcomeTimestamp("2026-06-15T10:05:31Z");
    }
}
