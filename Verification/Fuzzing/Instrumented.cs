using SharpFuzz;

namespace Troupe.Verification.Fuzzing;

/// <summary>A copy of this program whose assemblies under test count the edges that are taken.</summary>
internal static class Instrumented
{
    private static readonly string[] _untouched = ["Troupe.Verification.", "Troupe.Actors.TestKit"];

    /// <summary>Copies this program and has SharpFuzz instrument the copy.</summary>
    /// <param name="folder">Where it goes; what is there is replaced.</param>
    public static void Prepare(string folder)
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        foreach (string file in Directory.EnumerateFiles(AppContext.BaseDirectory, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(folder, Path.GetRelativePath(AppContext.BaseDirectory, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        int types = 0;
        List<string> assemblies = [.. Directory.EnumerateFiles(folder, "Troupe.*.dll").Where(IsUnderTest).Order(StringComparer.Ordinal)];
        foreach (string assembly in assemblies)
            types += Fuzzer.Instrument(assembly, static _ => true, Options.Value).Count();
        Console.WriteLine($"instrumented {types} types of {assemblies.Count} assemblies");
    }

    private static bool IsUnderTest(string file) => !_untouched.Any(prefix => Path.GetFileName(file).StartsWith(prefix, StringComparison.Ordinal));
}
