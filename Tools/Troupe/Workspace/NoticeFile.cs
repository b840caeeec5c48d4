using System.Text;
using System.Text.Json;

namespace Troupe.Tools.Workspace;

/// <summary>Writes NOTICE beside an image: whose work is linked into it and under which licence (docs/licences.md).</summary>
public static class NoticeFile
{
    /// <summary>Writes the file for an image that was just linked.</summary>
    public static async Task WriteAsync(Repository repository, Image image, CancellationToken cancellation)
    {
        var project = Path.GetFileNameWithoutExtension(image.App.ProjectFile);
        var objects = Path.Combine(repository.Artifacts, "obj", project);
        var text = new StringBuilder();
        text.Append($"NOTICE for {Path.GetFileName(image.Elf)}\n\n");
        text.Append("Troupe: MIT (LICENSE).\n");
        text.Append(".NET runtime and base class library, statically linked: MIT, Copyright (c) .NET Foundation and Contributors.\n");
        text.Append("GNU C Library (libc.a, libm.a, libpthread.a), statically linked: LGPL-2.1-or-later, Copyright (C) Free Software Foundation, Inc.\n");
        text.Append("GCC runtime (libgcc.a, libgcc_eh.a): GPL-3.0-or-later with the GCC Runtime Library Exception.\n");
        text.Append("zlib: Zlib licence, Copyright (C) Jean-loup Gailly and Mark Adler. Brotli: MIT, Copyright (c) the Brotli Authors (both only where the app compresses).\n");
        if (LinksOpenSsl(objects))
        {
            text.Append("OpenSSL (libssl.a, libcrypto.a), statically linked: Apache-2.0, Copyright (c) The OpenSSL Project Authors.\n");
        }

        foreach (var package in Packages(Path.Combine(objects, "project.assets.json")))
        {
            text.Append(package).Append('\n');
        }

        var relative = Path.GetRelativePath(repository.Root, objects);
        text.Append($"""

            Relinking with another C library (LGPL-2.1, section 6): the object files and the linker's arguments are kept in
            {relative}/*/native/ (*.o and link.rsp). Change what you want to change there and run: gcc @link.rsp

            """);
        await File.WriteAllTextAsync(
            Path.Combine(Path.GetDirectoryName(image.Elf)!, "NOTICE"), text.ToString(), cancellation).ConfigureAwait(false);
    }

    // The newest linker command of the app's: an app that no longer wants OpenSSL has older ones beside it.
    private static bool LinksOpenSsl(string objects) => Directory.Exists(objects)
        && new DirectoryInfo(objects).EnumerateFiles("link.rsp", SearchOption.AllDirectories).MaxBy(file => file.LastWriteTimeUtc) is { } command
        && File.ReadAllText(command.FullName).Contains("-lcrypto", StringComparison.Ordinal);

    /// <summary>The NuGet packages that NuGet resolved for the app, with the licences that they state themselves.</summary>
    private static IEnumerable<string> Packages(string assetsFile)
    {
        if (!File.Exists(assetsFile))
        {
            yield break;
        }

        using var assets = JsonDocument.Parse(File.ReadAllText(assetsFile));
        var folders = assets.RootElement.GetProperty("packageFolders").EnumerateObject().Select(folder => folder.Name).ToList();
        foreach (var library in assets.RootElement.GetProperty("libraries").EnumerateObject().OrderBy(item => item.Name, StringComparer.Ordinal))
        {
            if (library.Value.GetProperty("type").GetString() != "package")
            {
                continue;
            }

            var path = library.Value.GetProperty("path").GetString()!;
            var manifest = folders.Select(folder => Path.Combine(folder, path)).Where(Directory.Exists)
                .SelectMany(folder => Directory.EnumerateFiles(folder, "*.nuspec")).FirstOrDefault();
            yield return $"{library.Name.Replace('/', ' ')}: {(manifest is null ? "see the package" : Licence(manifest))}";
        }
    }

    private static string Licence(string manifest)
    {
        var metadata = System.Xml.Linq.XDocument.Load(manifest).Root!.Elements().First(element => element.Name.LocalName == "metadata");
        string? Text(string name) => metadata.Elements().FirstOrDefault(element => element.Name.LocalName == name)?.Value;
        var licence = Text("license") ?? Text("licenseUrl") ?? "see the package";
        return Text("copyright") is { } copyright ? $"{licence}, {copyright}" : licence;
    }
}
