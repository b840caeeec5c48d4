using System.Globalization;
using System.Text;

namespace Troupe.Verification.Scripts;

/// <summary>A script whose host behaved otherwise: the line, what was expected, what came, and all frames until then.</summary>
public sealed class ScriptFailedException : Exception
{
    internal ScriptFailedException(Script script, Statement line, string message, IEnumerable<Frame> frames, TimeSpan now)
        : base(Format(script, line, message, frames, now)) => Line = line.Line;

    /// <summary>The line that was not fulfilled.</summary>
    public int Line { get; }

    private static string Format(Script script, Statement line, string message, IEnumerable<Frame> frames, TimeSpan now)
    {
        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture, $"{script.Name}({line.Line}): {line.Text}").AppendLine(CultureInfo.InvariantCulture, $"  {message}")
            .AppendLine(CultureInfo.InvariantCulture, $"  at {now.TotalSeconds:F6} s; checks {script.Requirement}");
        foreach (Frame frame in frames)
            text.AppendLine(CultureInfo.InvariantCulture, $"    {frame.At.TotalSeconds,12:F6} {(frame.IsFromHost ? '>' : '<')} {frame.Description}");
        return text.ToString();
    }
}
