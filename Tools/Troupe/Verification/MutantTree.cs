using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Verification;

/// <summary>
/// A copy of the clone's sources, as they are now, in which mutants are built one after another: what one changes is put back before the next, so a build compiles
/// only what differs.
/// </summary>
public sealed class MutantTree(Repository repository)
{
    /// <summary>The top of the copy.</summary>
    public string Root { get; } = Path.Combine(repository.Root, ".troupe", "mutants");

    /// <summary>Brings the copy up to date: files that are the same keep their times.</summary>
    /// <returns>Whether what a restore reads has changed.</returns>
    public async Task<bool> UpdateAsync(CancellationToken cancellation)
    {
        var listed = await HostProcess.CaptureAsync("git", ["ls-files", "-co", "--exclude-standard", "-z"], cancellation, repository.Root).ConfigureAwait(false);
        if (listed.ExitCode != 0)
        {
            throw new UserError($"git does not list the sources:\n{listed.Output}", exitCode: ExitCodes.Broken);
        }

        var files = listed.Output.TrimEnd('\n').Split('\0', StringSplitOptions.RemoveEmptyEntries).Where(file => File.Exists(Path.Combine(repository.Root, file))).ToHashSet(StringComparer.Ordinal);
        var changed = false;
        foreach (var file in files)
        {
            var copied = Copy(Path.Combine(repository.Root, file), Path.Combine(Root, file));
            changed |= copied && Path.GetExtension(file) is (".csproj" or ".props" or ".targets" or ".json");
        }

        foreach (var file in Directory.EnumerateFiles(Root, "*.cs", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint })
            .Where(file => !file.StartsWith(Path.Combine(Root, "artifacts"), StringComparison.Ordinal) && !files.Contains(Path.GetRelativePath(Root, file))))
        {
            File.Delete(file);
        }

        return changed;
    }

    /// <summary>Whether a patch fits the sources under a folder; if not, why.</summary>
    public static async Task<string?> CheckAsync(string root, string patch, CancellationToken cancellation)
    {
        var result = await ApplyAsync(root, cancellation, "--check", patch).ConfigureAwait(false);
        return result.ExitCode == 0 ? null : result.Output.TrimEnd();
    }

    /// <summary>Plants the bug; gives back what is wrong if it does not fit.</summary>
    public async Task<string?> PlantAsync(Mutant mutant, CancellationToken cancellation)
    {
        var result = await ApplyAsync(Root, cancellation, mutant.File).ConfigureAwait(false);
        return result.ExitCode == 0 ? null : result.Output.TrimEnd();
    }

    // The copy lies inside a repository whose paths are others: git is told to look for none.
    private static Task<HostProcessResult> ApplyAsync(string root, CancellationToken cancellation, params string[] arguments) => HostProcess.CaptureAsync(
        "git", ["apply", .. arguments], cancellation, root, new Dictionary<string, string> { ["GIT_CEILING_DIRECTORIES"] = Path.GetDirectoryName(root)!, ["GIT_DIR"] = "/nonexistent" });

    private static bool Copy(string from, string to)
    {
        var same = File.Exists(to) && new FileInfo(to).Length == new FileInfo(from).Length && File.ReadAllBytes(from).AsSpan().SequenceEqual(File.ReadAllBytes(to));
        if (!same)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(from, to, overwrite: true);
            File.SetLastWriteTimeUtc(to, DateTime.UtcNow);
        }

        return !same;
    }
}
