using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Troupe.Tools.Development;

/// <summary>
/// The top-level types of a project, what each refers to, and which can be made anew while the program runs: behaviours, and what only they use.
/// Messages, exported states, and whatever else the program uses exist once, in the assembly that runs.
/// </summary>
public sealed class TypeGraph
{
    private const string Runtime = "Troupe.Actors";
    private const string Behaviour = "Actor";

    private readonly Dictionary<string, HashSet<string>> _references = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);
    private readonly HashSet<string> _behaviours = new(StringComparer.Ordinal);
    private readonly HashSet<string> _contracts = new(StringComparer.Ordinal);

    /// <summary>Reads a compilation without errors.</summary>
    public TypeGraph(Compilation compilation)
    {
        foreach (var tree in compilation.SyntaxTrees)
        {
            var model = compilation.GetSemanticModel(tree);
            var root = (CompilationUnitSyntax)tree.GetRoot();
            foreach (var (node, name) in Parts(root, model))
            {
                _texts[name] = _texts.GetValueOrDefault(name) + Words(node);
                AddReferences(name, node, model, compilation);
            }
        }

        Swappable = FindSwappable();
    }

    /// <summary>What stands for the statements outside all types, which run once.</summary>
    public static string Main => "the program's top-level statements";

    /// <summary>Each type's words, without comments and white space.</summary>
    public IReadOnlyDictionary<string, string> Texts => _texts;

    /// <summary>Types that can be made anew.</summary>
    public IReadOnlySet<string> Swappable { get; }

    /// <summary>Whether a type is a behaviour.</summary>
    public bool IsBehaviour(string type) => _behaviours.Contains(type);

    /// <summary>Whether a type is a message, an exported state, or part of one.</summary>
    public bool IsContract(string type) => _contracts.Contains(type);

    /// <summary>The swappable among these types, and all swappable types that refer to them, directly or not.</summary>
    public HashSet<string> WithUsers(IEnumerable<string> types)
    {
        HashSet<string> users = new(types.Where(Swappable.Contains), StringComparer.Ordinal);
        while (Swappable.Where(type => !users.Contains(type) && _references[type].Overlaps(users)).ToList() is { Count: > 0 } more)
        {
            users.UnionWith(more);
        }

        return users;
    }

    /// <summary>The declarations of a file by the names of their types; statements outside all types have <see cref="Main"/> for a name.</summary>
    public static IEnumerable<(SyntaxNode Node, string Name)> Parts(CompilationUnitSyntax root, SemanticModel model)
    {
        foreach (var node in root.DescendantNodes(static node => node is CompilationUnitSyntax or BaseNamespaceDeclarationSyntax))
        {
            switch (node)
            {
                case GlobalStatementSyntax:
                    yield return (node, Main);
                    break;
                case BaseTypeDeclarationSyntax or DelegateDeclarationSyntax:
                    yield return (node, NameOf((INamedTypeSymbol)model.GetDeclaredSymbol(node)!));
                    break;
            }
        }
    }

    private static string NameOf(INamedTypeSymbol type)
    {
        while (type.ContainingType is { } outer)
        {
            type = outer;
        }

        return (type.ContainingNamespace.IsGlobalNamespace ? string.Empty : type.ContainingNamespace.ToDisplayString() + ".") + type.MetadataName;
    }

    private static string Words(SyntaxNode node) => string.Join(' ', node.DescendantTokens().Select(static token => token.Text)) + "\n";

    private void AddReferences(string name, SyntaxNode node, SemanticModel model, Compilation compilation)
    {
        if (!_references.TryGetValue(name, out var references))
        {
            _references[name] = references = new(StringComparer.Ordinal);
        }

        foreach (var word in node.DescendantNodes().OfType<SimpleNameSyntax>())
        {
            var symbol = model.GetSymbolInfo(word).Symbol;
            if ((symbol as INamedTypeSymbol ?? symbol?.ContainingType)?.OriginalDefinition is { } type && IsOurs(type, compilation) && NameOf(type) != name)
            {
                references.Add(NameOf(type));
            }
        }

        if (model.GetDeclaredSymbol(node) is not INamedTypeSymbol declared)
        {
            return;
        }

        for (var ancestor = declared.BaseType; ancestor is not null; ancestor = ancestor.BaseType)
        {
            if (ancestor is { Name: Behaviour, Arity: 1 } && ancestor.ContainingAssembly.Name == Runtime)
            {
                _behaviours.Add(name);
                AddContracts(ancestor, compilation);
            }
        }

        foreach (var contract in declared.AllInterfaces.Where(static contract => contract.ContainingAssembly?.Name == Runtime))
        {
            AddContracts(contract, compilation);
        }
    }

    private void AddContracts(INamedTypeSymbol generic, Compilation compilation) =>
        _contracts.UnionWith(generic.TypeArguments.OfType<INamedTypeSymbol>().Where(argument => IsOurs(argument.OriginalDefinition, compilation)).Select(static argument => NameOf(argument.OriginalDefinition)));

    private static bool IsOurs(INamedTypeSymbol type, Compilation compilation) =>
        SymbolEqualityComparer.Default.Equals(type.ContainingAssembly, compilation.Assembly);

    /// <summary>The greatest set in which whatever is no behaviour is used within the set only.</summary>
    private HashSet<string> FindSwappable()
    {
        HashSet<string> swappable = new(_texts.Keys.Where(type => type != Main && !_contracts.Contains(type)), StringComparer.Ordinal);
        while (swappable.Where(type => !_behaviours.Contains(type) && IsUsedOutside(type)).ToList() is { Count: > 0 } fixedTypes)
        {
            swappable.ExceptWith(fixedTypes);
        }

        return swappable;

        bool IsUsedOutside(string type) => _references.Any(user => !swappable.Contains(user.Key) && user.Value.Contains(type));
    }
}
