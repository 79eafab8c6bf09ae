{
  description = "@SUMMARY@";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs = { self, nixpkgs }:
    let
      version = "@VERSION@";
      # Nix's name of a system, the target of the release, and the sums of the two packages.
      systems = {
        x86_64-linux = {
          target = "x86_64-unknown-linux-musl";
          kcaws = "@SHA256:kcaws-@VERSION@-x86_64-unknown-linux-musl.tar.gz@";
          kcaws-admin = "@SHA256:kcaws-admin-@VERSION@-x86_64-unknown-linux-musl.tar.gz@";
        };
        aarch64-linux = {
          target = "aarch64-unknown-linux-musl";
          kcaws = "@SHA256:kcaws-@VERSION@-aarch64-unknown-linux-musl.tar.gz@";
          kcaws-admin = "@SHA256:kcaws-admin-@VERSION@-aarch64-unknown-linux-musl.tar.gz@";
        };
        aarch64-darwin = {
          target = "aarch64-apple-darwin";
          kcaws = "@SHA256:kcaws-@VERSION@-aarch64-apple-darwin.tar.gz@";
          kcaws-admin = "@SHA256:kcaws-admin-@VERSION@-aarch64-apple-darwin.tar.gz@";
        };
        x86_64-darwin = {
          target = "x86_64-apple-darwin";
          kcaws = "@SHA256:kcaws-@VERSION@-x86_64-apple-darwin.tar.gz@";
          kcaws-admin = "@SHA256:kcaws-admin-@VERSION@-x86_64-apple-darwin.tar.gz@";
        };
      };
      packagesOf = system: sums:
        let
          pkgs = nixpkgs.legacyPackages.${system};
          archive = name: pkgs.fetchurl {
            url = "@REPOSITORY@/releases/download/v${version}/${name}-${version}-${sums.target}.tar.gz";
            sha256 = sums.${name};
          };
          package = pname: archives: pkgs.stdenvNoCC.mkDerivation {
            inherit pname version;
            dontUnpack = true;
            # Complete and static: nothing is patched or stripped.
            dontFixup = true;
            installPhase = ''
              mkdir -p $out
              for archive in ${toString archives}; do tar -xzf $archive -C $out; done
            '';
            meta = {
              description = "@SUMMARY@";
              homepage = "@REPOSITORY@";
              license = with pkgs.lib.licenses; [ mit asl20 ];
              mainProgram = "kcaws";
              platforms = builtins.attrNames systems;
            };
          };
        in rec {
          kcaws = package "kcaws" [ (archive "kcaws") ];
          # `kcaws admin` looks for its program beside the complete one, so both are in one package.
          kcaws-with-admin = package "kcaws-with-admin" [ (archive "kcaws") (archive "kcaws-admin") ];
          default = kcaws;
        };
    in {
      packages = builtins.mapAttrs packagesOf systems;
    };
}
