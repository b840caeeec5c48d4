using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Symbols;

/// <summary>Turns the return addresses that a panicking guest prints, one a line as <c>  at 0x…</c>, into functions, files and lines,
/// with binutils' addr2line on the image's symbols, kept running while it is needed.</summary>
public sealed partial class Symbolizer(string symbolFile, string sourceRoot) : IDisposable
{
    /// <summary>No code is there: asked for after each question, its answer ends the answer to that question,
    /// which has as many lines as functions were inlined.</summary>
    private const string Sentinel = "0x0000000000000000";

    /// <summary>No image has code on its first page.</summary>
    private const ulong LowestCode = 4096;

    private Process? _addr2line;

    /// <summary>Adds names to a line that holds a return address; other lines come back as they are.</summary>
    public string Annotate(string line)
    {
        var match = ReturnAddress().Match(line);
        if (!match.Success || !File.Exists(symbolFile))
        {
            return line;
        }

        var address = ulong.Parse(match.Groups["address"].Value, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        if (address < LowestCode)
        {
            return line;
        }

        // A return address is the one after the call, which may belong to the next line or even function.
        var frames = Resolve(address - 1);
        return frames.Count == 0 ? line : line + " " + string.Join("\n      inlined in ", frames);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (_addr2line is { } process)
        {
            process.StandardInput.Close();
            process.WaitForExit();
            process.Dispose();
            _addr2line = null;
        }
    }

    /// <summary>A readable form of the name that the native compiler gives a method: assembly, namespace and type with
    /// underscores for every other character, two of them before the method's name.</summary>
    public static string Readable(string function)
    {
        var end = function.LastIndexOf("__", StringComparison.Ordinal);
        return end <= 0 || !function.Contains('_', StringComparison.Ordinal)
            ? function
            : function[..end].TrimStart('_') + "." + function[(end + 2)..];
    }

    private List<string> Resolve(ulong address)
    {
        _addr2line ??= Process.Start(new ProcessStartInfo(HostProcess.Find("addr2line") ?? "addr2line", ["-e", symbolFile, "-a", "-f", "-i"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        _addr2line.StandardInput.Write($"0x{address:x}\n{Sentinel}\n");
        _addr2line.StandardInput.Flush();
        List<string> answer = [];
        while (_addr2line.StandardOutput.ReadLine() is { } text && text != Sentinel)
        {
            answer.Add(text);
        }

        // The sentinel's own answer: ?? and ??:0.
        _addr2line.StandardOutput.ReadLine();
        _addr2line.StandardOutput.ReadLine();
        List<string> frames = [];
        for (var index = 1; index + 1 < answer.Count; index += 2)
        {
            if (answer[index] != "??")
            {
                frames.Add($"{Readable(answer[index])} in {Shorten(answer[index + 1])}");
            }
        }

        return frames;
    }

    private string Shorten(string place)
    {
        var text = Discriminator().Replace(place, string.Empty);
        return text.StartsWith(sourceRoot + "/", StringComparison.Ordinal) ? text[(sourceRoot.Length + 1)..] : text;
    }

    [GeneratedRegex(@"^\s+at (?:\(perhaps\) )?0x(?<address>[0-9a-fA-F]{1,16})\s*$")]
    private static partial Regex ReturnAddress();

    [GeneratedRegex(@" \(discriminator \d+\)")]
    private static partial Regex Discriminator();
}
