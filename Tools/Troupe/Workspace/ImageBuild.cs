using System.Text.RegularExpressions;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Workspace;

/// <summary>An app's bootable image and what belongs to it.</summary>
/// <param name="App">The program.</param>
/// <param name="Elf">The stripped ELF that boots.</param>
public sealed record Image(App App, string Elf)
{
    /// <summary>The symbols of <see cref="Elf"/>.</summary>
    public string Symbols => Elf + ".dbg";
}

/// <summary>Builds images with <c>dotnet publish -p:TroupeImage=true</c> (Tools/Build), only when their sources changed.</summary>
/// <param name="repository">Where the sources are.</param>
/// <param name="hasDeviceFaults">Whether images have the hook that makes devices break their rules (Smp/Host/DeviceFaults.cs); they lie beside the ordinary ones.</param>
public sealed partial class ImageBuild(Repository repository, bool hasDeviceFaults = false)
{
    /// <summary>The place of an app's image, built or not.</summary>
    public Image ImageOf(App app)
    {
        var project = Path.GetFileNameWithoutExtension(app.ProjectFile);
        return new Image(app, Path.Combine(repository.Artifacts, "image", hasDeviceFaults ? project + ".DeviceFaults" : project, project + ".elf"));
    }

    /// <summary>Builds the image unless it is newer than all of its sources.</summary>
    public async Task<Image> EnsureAsync(App app, bool force, CancellationToken cancellation)
    {
        await SystemPackages.RequireAsync(SystemPackages.Building, cancellation).ConfigureAwait(false);
        var image = ImageOf(app);
        var stampFile = image.Elf + ".stamp";
        var stamp = SourceStamp.Of(repository, app);
        if (!force && File.Exists(image.Elf) && File.Exists(stampFile)
            && await File.ReadAllTextAsync(stampFile, cancellation).ConfigureAwait(false) == stamp)
        {
            return image;
        }

        if (await PropertyAsync(app, "TroupeOpenSsl", cancellation).ConfigureAwait(false) == "true")
        {
            await SystemPackages.RequireAsync(SystemPackages.OpenSsl, cancellation).ConfigureAwait(false);
        }

        Directory.CreateDirectory(Path.GetDirectoryName(image.Elf)!);
        File.Delete(stampFile);
        var result = await Output.StepAsync($"building the image of {app.Name}", () => HostProcess.CaptureAsync(
            "dotnet",
            ["publish", app.ProjectFile, "-c", "Release", "-p:TroupeImage=true", .. hasDeviceFaults ? ["-p:TroupeDeviceFaults=true"] : Array.Empty<string>(), "--nologo", "-v", "quiet"],
            cancellation,
            repository.Root)).ConfigureAwait(false);
        if (result.ExitCode != 0 || !File.Exists(image.Elf))
        {
            throw new UserError($"{app.Name} does not build:\n{Diagnostics(result.Output)}", exitCode: ExitCodes.Failure);
        }

        await NoticeFile.WriteAsync(repository, image, cancellation).ConfigureAwait(false);
        await File.WriteAllTextAsync(stampFile, stamp, cancellation).ConfigureAwait(false);
        return image;
    }

    /// <summary>The compiler's complaints without the noise around them, each once; everything if there are none.</summary>
    public static string Diagnostics(string output)
    {
        var lines = output.Split('\n').Where(line => ErrorLine().IsMatch(line)).Select(line => line.Trim()).Distinct().ToList();
        return lines.Count > 0 ? string.Join('\n', lines) : output.TrimEnd();
    }

    /// <summary>What a property of the app's project is, however it got there; a project that cannot be read is the build's to complain about.</summary>
    private async Task<string> PropertyAsync(App app, string name, CancellationToken cancellation)
    {
        var result = await HostProcess.CaptureAsync(
            "dotnet", ["msbuild", app.ProjectFile, "-nologo", "-p:TroupeImage=true", "-getProperty:" + name], cancellation, repository.Root).ConfigureAwait(false);
        return result.ExitCode == 0 ? result.Output.Trim() : string.Empty;
    }

    [GeneratedRegex(@"\b(error|undefined reference)\b", RegexOptions.IgnoreCase)]
    private static partial Regex ErrorLine();
}
