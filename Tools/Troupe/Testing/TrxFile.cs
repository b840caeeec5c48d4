using System.Globalization;
using System.Xml.Linq;

namespace Troupe.Tools.Testing;

/// <summary>Reads the results that the test platform writes (TRX, Visual Studio's test result schema of 2010).</summary>
public static class TrxFile
{
    private static readonly XNamespace _schema = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    /// <summary>Every test of a result file.</summary>
    public static IReadOnlyList<TestOutcome> Read(TextReader reader) =>
        XDocument.Load(reader).Descendants(_schema + "UnitTestResult").Select(Outcome).ToList();

    private static TestOutcome Outcome(XElement result)
    {
        var state = (string?)result.Attribute("outcome") switch
        {
            "Passed" => TestState.Passed,
            "NotExecuted" => TestState.Skipped,
            _ => TestState.Failed,
        };
        _ = TimeSpan.TryParse((string?)result.Attribute("duration"), CultureInfo.InvariantCulture, out var duration);
        var error = result.Element(_schema + "Output")?.Element(_schema + "ErrorInfo");
        var output = (string?)result.Element(_schema + "Output")?.Element(_schema + "StdOut");
        var parts = new[] { (string?)error?.Element(_schema + "Message"), (string?)error?.Element(_schema + "StackTrace"), output };
        var message = string.Join('\n', parts.Where(part => !string.IsNullOrWhiteSpace(part)));
        return new TestOutcome((string?)result.Attribute("testName") ?? "?", state, duration, message);
    }
}
