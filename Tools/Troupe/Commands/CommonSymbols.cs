using System.CommandLine;

namespace Troupe.Tools.Commands;

/// <summary>Arguments that several commands have.</summary>
public static class CommonSymbols
{
    /// <summary>The app.</summary>
    public static Argument<string> App() =>
        new("APP") { Description = "An app: its directory (Apps/Hello), its name (Hello) or its project file." };

    /// <summary>A filter of tests.</summary>
    public static Option<string?> Filter() =>
        new("--filter") { Description = "Only tests whose full name contains this.", HelpName = "TEXT" };
}
