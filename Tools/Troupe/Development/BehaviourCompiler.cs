using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Emit;
using Microsoft.CodeAnalysis.Text;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Development;

/// <summary>What a change of the sources came to.</summary>
/// <param name="Errors">What the compiler says; nothing else is set then.</param>
/// <param name="NeedRestart">Changed types that exist once, and must not be changed while the program runs.</param>
/// <param name="Behaviours">Behaviours to swap.</param>
/// <param name="Assembly">The assembly with them; empty when there is nothing to swap.</param>
/// <param name="Symbols">Its symbols.</param>
/// <param name="Snapshot">For <see cref="BehaviourCompiler.Accept"/>.</param>
public sealed record BehaviourChange(
    IReadOnlyList<string> Errors, IReadOnlyList<string> NeedRestart, IReadOnlyList<string> Behaviours, byte[] Assembly, byte[] Symbols, IReadOnlyDictionary<string, string> Snapshot);

/// <summary>
/// Compiles what changed of a program's behaviours into an assembly of their own, which refers to the assembly that runs for everything else. The
/// whole project is compiled first, so that errors are those of a build.
/// </summary>
/// <remarks>
/// Changes are counted from the sources that the running assembly was built of, because that is what the new one refers to; what is swapped
/// is counted from the last change that was accepted.
/// </remarks>
public sealed class BehaviourCompiler
{
    // A type that is made anew stands in both assemblies, and the new one is meant.
    private const string StandsInBoth = "CS0436";

    private readonly CSharpCommandLineArguments _arguments;
    private readonly IReadOnlyList<MetadataReference> _references;
    private readonly MetadataReference _running;
    private readonly string _directory;
    private readonly TypeGraph _baseline;
    private IReadOnlyDictionary<string, string> _accepted;

    /// <summary>Takes the sources as they are for those of the running assembly.</summary>
    /// <param name="arguments">The compiler's command line in a build.</param>
    /// <param name="directory">The directory of the project.</param>
    /// <param name="assembly">The assembly that the build made. It lets the internals of the program be seen by <see cref="AssemblyName"/>.</param>
    public BehaviourCompiler(IEnumerable<string> arguments, string directory, string assembly)
    {
        _directory = directory;
        _arguments = CSharpCommandLineParser.Default.Parse(arguments, directory, sdkDirectory: null);
        _references = [.. _arguments.MetadataReferences.Select(static reference => MetadataReference.CreateFromFile(reference.Reference, reference.Properties))];
        _running = MetadataReference.CreateFromFile(assembly);
        AssemblyName = NameFor(Path.GetFileNameWithoutExtension(assembly));
        var compilation = CompileAll();
        if (Errors(compilation) is { Count: > 0 } errors)
        {
            throw new UserError(
                $"this program cannot be compiled outside a build, so its behaviours cannot be swapped live:\n{string.Join('\n', errors)}",
                "Does it use what a source generator makes? Those run in a build only.");
        }

        _baseline = new TypeGraph(compilation);
        _accepted = _baseline.Texts;
    }

    /// <summary>The name of the assemblies made here.</summary>
    public string AssemblyName { get; }

    /// <summary>The name for an assembly of behaviours of a program.</summary>
    public static string NameFor(string program) => program + ".Behaviours";

    /// <summary>Compiles the sources as they are now.</summary>
    public BehaviourChange Compile()
    {
        var compilation = CompileAll();
        if (Errors(compilation) is { Count: > 0 } errors)
        {
            return new BehaviourChange(errors, [], [], [], [], _accepted);
        }

        var graph = new TypeGraph(compilation);
        var changed = Differences(_accepted, graph.Texts);
        var needRestart = changed.Where(type => !graph.Swappable.Contains(type)).Select(type => Describe(type, graph)).ToList();
        var fresh = graph.WithUsers(changed);
        var behaviours = fresh.Where(graph.IsBehaviour).Order(StringComparer.Ordinal).ToList();
        if (needRestart.Count > 0 || behaviours.Count == 0)
        {
            return new BehaviourChange([], needRestart, [], [], [], graph.Texts);
        }

        var included = graph.WithUsers(Differences(_baseline.Texts, graph.Texts).Concat(fresh));
        using MemoryStream assembly = new(), symbols = new();
        var result = Extract(compilation, included).Emit(assembly, symbols, options: new EmitOptions(debugInformationFormat: DebugInformationFormat.PortablePdb));
        return result.Success
            ? new BehaviourChange([], [], behaviours, assembly.ToArray(), symbols.ToArray(), graph.Texts)
            : new BehaviourChange([.. result.Diagnostics.Where(static diagnostic => diagnostic.Severity == DiagnosticSeverity.Error).Select(Format)], [], [], [], [], _accepted);
    }

    /// <summary>The change is live; the next one is counted from it.</summary>
    public void Accept(BehaviourChange change) => _accepted = change.Snapshot;

    private static List<string> Differences(IReadOnlyDictionary<string, string> before, IReadOnlyDictionary<string, string> now) =>
        [.. now.Where(type => before.GetValueOrDefault(type.Key) != type.Value).Select(static type => type.Key)];

    private static string Describe(string type, TypeGraph graph) =>
        graph.IsContract(type) ? $"{type}, which is a message or an exported state" : type == TypeGraph.Main ? type : $"{type}, which not only behaviours use";

    private CSharpCompilation CompileAll()
    {
        // A new file is part of the project, as it would be in a build; one that is gone is not.
        var files = _arguments.SourceFiles.Select(static file => file.Path).Where(File.Exists).Concat(SourcesOfTheProject()).Distinct(StringComparer.Ordinal);
        var trees = files.Select(file => CSharpSyntaxTree.ParseText(SourceText.From(ReadShared(file), System.Text.Encoding.UTF8), _arguments.ParseOptions, file));
        return CSharpCompilation.Create(_arguments.CompilationName, trees, _references, _arguments.CompilationOptions);
    }

    private IEnumerable<string> SourcesOfTheProject() =>
        Directory.EnumerateFiles(_directory, "*.cs", SearchOption.AllDirectories)
            .Where(file => Path.GetRelativePath(_directory, file).Split(Path.DirectorySeparatorChar) is [not ("bin" or "obj" or "artifacts"), ..]);

    /// <summary>An editor may be about to replace it.</summary>
    private static string ReadShared(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>The same files with everything but these types blanked out, so that lines keep their numbers.</summary>
    private CSharpCompilation Extract(CSharpCompilation compilation, HashSet<string> included)
    {
        List<SyntaxTree> trees = [];
        foreach (var tree in compilation.SyntaxTrees)
        {
            var root = (CompilationUnitSyntax)tree.GetRoot();
            var blanked = TypeGraph.Parts(root, compilation.GetSemanticModel(tree)).Where(part => !included.Contains(part.Name)).Select(static part => part.Node.Span)
                .Concat(root.AttributeLists.Select(static list => list.Span));
            var text = tree.ToString().ToCharArray();
            foreach (var span in blanked)
            {
                for (var index = span.Start; index < span.End; index++)
                {
                    text[index] = text[index] is '\n' or '\r' ? text[index] : ' ';
                }
            }

            trees.Add(CSharpSyntaxTree.ParseText(SourceText.From(new string(text), System.Text.Encoding.UTF8), _arguments.ParseOptions, tree.FilePath));
        }

        var options = _arguments.CompilationOptions.WithOutputKind(OutputKind.DynamicallyLinkedLibrary).WithMainTypeName(null)
            .WithGeneralDiagnosticOption(ReportDiagnostic.Default)
            .WithSpecificDiagnosticOptions([new(StandsInBoth, ReportDiagnostic.Suppress)]);
        return CSharpCompilation.Create(AssemblyName, trees, [.. _references, _running], options);
    }

    private List<string> Errors(Compilation compilation) =>
        [.. compilation.GetDiagnostics().Where(static diagnostic => diagnostic is { Severity: DiagnosticSeverity.Error, IsSuppressed: false }).Select(Format)];

    private string Format(Diagnostic diagnostic)
    {
        var place = diagnostic.Location.GetLineSpan();
        var file = place.IsValid ? $"{Path.GetRelativePath(_directory, place.Path)}({place.StartLinePosition.Line + 1},{place.StartLinePosition.Character + 1}): " : string.Empty;
        return $"{file}error {diagnostic.Id}: {diagnostic.GetMessage(System.Globalization.CultureInfo.InvariantCulture)}";
    }
}
