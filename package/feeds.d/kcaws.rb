# Homebrew formula of kcaws, for a tap: brew install TAP/kcaws
class Kcaws < Formula
  desc "@SUMMARY@"
  homepage "@REPOSITORY@"
  version "@VERSION@"
  license any_of: ["MIT", "Apache-2.0"]

  on_macos do
    on_arm do
      url "@REPOSITORY@/releases/download/v@VERSION@/kcaws-@VERSION@-aarch64-apple-darwin.tar.gz"
      sha256 "@SHA256:kcaws-@VERSION@-aarch64-apple-darwin.tar.gz@"

      resource "admin" do
        url "@REPOSITORY@/releases/download/v@VERSION@/kcaws-admin-@VERSION@-aarch64-apple-darwin.tar.gz"
        sha256 "@SHA256:kcaws-admin-@VERSION@-aarch64-apple-darwin.tar.gz@"
      end
    end
    on_intel do
      url "@REPOSITORY@/releases/download/v@VERSION@/kcaws-@VERSION@-x86_64-apple-darwin.tar.gz"
      sha256 "@SHA256:kcaws-@VERSION@-x86_64-apple-darwin.tar.gz@"

      resource "admin" do
        url "@REPOSITORY@/releases/download/v@VERSION@/kcaws-admin-@VERSION@-x86_64-apple-darwin.tar.gz"
        sha256 "@SHA256:kcaws-admin-@VERSION@-x86_64-apple-darwin.tar.gz@"
      end
    end
  end

  on_linux do
    on_arm do
      url "@REPOSITORY@/releases/download/v@VERSION@/kcaws-@VERSION@-aarch64-unknown-linux-musl.tar.gz"
      sha256 "@SHA256:kcaws-@VERSION@-aarch64-unknown-linux-musl.tar.gz@"

      resource "admin" do
        url "@REPOSITORY@/releases/download/v@VERSION@/kcaws-admin-@VERSION@-aarch64-unknown-linux-musl.tar.gz"
        sha256 "@SHA256:kcaws-admin-@VERSION@-aarch64-unknown-linux-musl.tar.gz@"
      end
    end
    on_intel do
      url "@REPOSITORY@/releases/download/v@VERSION@/kcaws-@VERSION@-x86_64-unknown-linux-musl.tar.gz"
      sha256 "@SHA256:kcaws-@VERSION@-x86_64-unknown-linux-musl.tar.gz@"

      resource "admin" do
        url "@REPOSITORY@/releases/download/v@VERSION@/kcaws-admin-@VERSION@-x86_64-unknown-linux-musl.tar.gz"
        sha256 "@SHA256:kcaws-admin-@VERSION@-x86_64-unknown-linux-musl.tar.gz@"
      end
    end
  end

  def install
    prefix.install Dir["*"]
    # `kcaws admin` looks for its program beside the complete one, so both are of one keg.
    resource("admin").stage { cp_r Dir["*"], prefix }
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/kcaws --version")
    assert_match "sso:ListInstances", shell_output("#{bin}/kcaws admin policy aws")
  end
end
