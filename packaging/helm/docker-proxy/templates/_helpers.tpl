{{- define "docker-proxy.labels" -}}
app.kubernetes.io/name: docker-proxy
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "docker-proxy.pod" -}}
metadata:
  labels:
    {{- include "docker-proxy.labels" . | nindent 4 }}
  annotations:
    prometheus.io/scrape: "true"
    prometheus.io/port: {{ .Values.adminPort | quote }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  automountServiceAccountToken: false
  # Or the variables of a Service would be taken for settings.
  enableServiceLinks: false
  terminationGracePeriodSeconds: 40
  securityContext:
    runAsNonRoot: true
    seccompProfile:
      type: RuntimeDefault
    supplementalGroups:
      - {{ .Values.engine.group }}
  containers:
    - name: docker-proxy
      image: {{ printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      env:
        - name: DOCKER_SOCKET
          value: {{ printf "/host/run/%s" .Values.engine.socket | quote }}
        - name: DOCKER_PROXY_BIND
          value: {{ if eq .Values.mode "sidecar" }}127.0.0.1{{ else }}"*"{{ end }}
        {{- with .Values.env }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - name: api
          containerPort: {{ .Values.port }}
        - name: admin
          containerPort: {{ .Values.adminPort }}
      livenessProbe:
        httpGet:
          path: /healthz
          port: admin
        periodSeconds: 10
      readinessProbe:
        httpGet:
          path: /readyz
          port: admin
        periodSeconds: 5
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      securityContext:
        runAsUser: 65532
        runAsGroup: 65532
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop:
            - ALL
      volumeMounts:
        - name: policy
          mountPath: /etc/docker-proxy
          readOnly: true
        - name: engine
          mountPath: /host/run
          readOnly: true
    {{- if eq .Values.mode "sidecar" }}
    {{- toYaml .Values.sidecar.containers | nindent 4 }}
    {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  volumes:
    - name: policy
      configMap:
        name: {{ .Release.Name }}
    # The folder: the socket is another one when the Engine was restarted.
    - name: engine
      hostPath:
        path: {{ .Values.engine.folder | quote }}
        type: Directory
{{- end -}}
