/** An image as `run` needs it. */

/** What the image says about the command to run in it. Section "config" of the OCI image configuration. */
export interface ImageConfig {
  readonly entrypoint: readonly string[] | null;
  readonly cmd: readonly string[] | null;
  /** `NAME=VALUE` each. */
  readonly env: readonly string[];
  /** Absolute; `/` if the image names none. */
  readonly workingDir: string;
  /** As the image has it: empty, `USER`, `UID`, `USER:GROUP` or `UID:GID`. */
  readonly user: string;
  readonly hostname?: string;
  /** Paths inside. */
  readonly volumes: readonly string[];
  /** A name, as SIGTERM, or a number. */
  readonly stopSignal?: string;
}

export interface Image {
  /** In full: `docker.io/library/debian:12`. */
  readonly name: string;
  /** Of the manifest for the platform: `sha256:…`. */
  readonly digest: string;
  /** `linux/amd64`, `linux/arm/v7`. */
  readonly platform: string;
  readonly config: ImageConfig;
  /** Absolute paths of the unpacked layers' `fs` directories, lowest first; none twice. */
  readonly layers: readonly string[];
  /** Of the layers as they were downloaded, in bytes. */
  readonly size: number;
  /** When the image was made, as it says itself. RFC 3339. */
  readonly created: string | null;
}
