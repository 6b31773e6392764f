FROM python:3.12.7-slim
WORKDIR /app
COPY api api
USER 1000:1000
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s CMD ["python", "-m", "api.probe"]
CMD ["python", "-m", "api"]
