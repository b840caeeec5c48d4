using System.Collections.Concurrent;
using Microsoft.CodeAnalysis;

namespace Troupe.Actors.Analyzers;

/// <summary>
/// Decides which types can be shared by actors. What is refused is a least fixpoint: a type is refused if, and only if, some
/// finite path of fields ends at something mutable, and that path is the proof that the diagnostic shows. So a recursive
/// immutable type (a list whose tail is such a list) is sendable: going round its circle never meets anything mutable.
/// </summary>
internal sealed class Sendability(ActorTypes types)
{
    /// <summary>
    /// Deeper than any message. A generic type that contains ever larger instances of itself has infinitely many types to
    /// look at; it is refused here.
    /// </summary>
    private const int DeepestPath = 24;

    // Verdicts of this compilation; null: sendable. Of refused types only those asked for are kept, each with its own path.
    private readonly ConcurrentDictionary<ITypeSymbol, Refusal?> _verdicts = new(SymbolEqualityComparer.Default);

    /// <summary>Why the type is not sendable; null if it is.</summary>
    public Refusal? Check(ITypeSymbol type)
    {
        if (_verdicts.TryGetValue(type, out Refusal? known))
            return known;
        var visited = new HashSet<ITypeSymbol>(SymbolEqualityComparer.Default);
        Refusal? refusal = Check(type, visited, 0);
        _verdicts.TryAdd(type, refusal);
        if (refusal is null)
        {
            // Nothing mutable is reachable from the whole set, so from none of it.
            foreach (ITypeSymbol seen in visited)
                _verdicts.TryAdd(seen, null);
        }

        return refusal;
    }

    /// <summary>The same of a type marked <c>[Sendable]</c>, whose mark is what is to be checked.</summary>
    public Refusal? CheckDeclaration(INamedTypeSymbol type) => CheckContent(type, new(SymbolEqualityComparer.Default), 0);

    private Refusal? Check(ITypeSymbol type, HashSet<ITypeSymbol> visited, int depth)
    {
        if (_verdicts.TryGetValue(type, out Refusal? known))
            return known;
        // Met before: either its own search found nothing, or it is under way and will find what there is.
        if (!visited.Add(type))
            return null;
        return depth > DeepestPath ? Refuse("contains types nested without end", "limit how deep the type contains itself", type) : CheckAnew(type, visited, depth);
    }

    private Refusal? CheckAnew(ITypeSymbol type, HashSet<ITypeSymbol> visited, int depth)
    {
        switch (type)
        {
            case IErrorTypeSymbol:
                return null;
            case IArrayTypeSymbol array:
                return Refuse($"is the array {Display(type)}, whose elements both sides could write", $"use ImmutableArray<{Display(array.ElementType)}>");
            case IPointerTypeSymbol or IFunctionPointerTypeSymbol:
                return Refuse("is a pointer", "send the value");
            case IDynamicTypeSymbol:
                return Refuse("is dynamic, which could be anything", "name the type");
            case ITypeParameterSymbol parameter:
                return ActorTypes.Has(parameter, types.Sendable) ? null : Refuse(
                    $"is the type parameter {parameter.Name}, which could be anything", $"mark it [Sendable] {parameter.Name}, so that each use is checked", parameter);
            case INamedTypeSymbol named:
                return CheckNamed(named, visited, depth);
            default:
                return Refuse($"is {Display(type)}, which is unknown", "use a readonly struct or a sealed record");
        }
    }

    private Refusal? CheckNamed(INamedTypeSymbol type, HashSet<ITypeSymbol> visited, int depth)
    {
        INamedTypeSymbol definition = type.OriginalDefinition;
        // An ActorRef<T> or Reply<T>, which are vouched for, hold no T: whether T may be sent is checked where it is written.
        if (SendableTypes.IsImmutable(type) || types.IsOwned(type) || ActorTypes.Has(definition, types.SendableByContract))
            return null;
        if (ActorTypes.Has(definition, types.Sendable))
            return CheckArguments(type, visited, depth);
        if (SendableTypes.IsContainer(type))
            return CheckContainer(type, visited, depth);
        if (type.SpecialType == SpecialType.System_Object)
            return Refuse("is object, which could be anything", "name the type");

        if (SendableTypes.Instead(type) is { } advice)
            return Refuse($"is {Display(type)}, which is mutable or a view of something mutable", advice, type);
        switch (type.TypeKind)
        {
            case TypeKind.Interface:
                return Refuse($"is the interface {Display(type)}, behind which anything could be", "use a sealed immutable type", type);
            case TypeKind.Delegate:
                return Refuse($"is the delegate {Display(type)}, whose closure both sides could reach", "send data, and let the receiver decide what to do", type);
            case TypeKind.Struct when type.IsRefLikeType:
                return Refuse($"is the view {Display(type)} of memory that others can change", "use ImmutableArray<T>, or an owned buffer", type);
        }

        return CheckContent(type, visited, depth);
    }

    // A type that is checked where it is declared may hold values of its marked type parameters, and of no others.
    private Refusal? CheckArguments(INamedTypeSymbol type, HashSet<ITypeSymbol> visited, int depth)
    {
        for (int index = 0; index < type.TypeArguments.Length; index++)
        {
            if (ActorTypes.Has(type.OriginalDefinition.TypeParameters[index], types.Sendable)
                && Check(type.TypeArguments[index], visited, depth + 1) is { } refusal)
                return refusal.Under($"<{type.TypeParameters[index].Name}>");
        }

        return null;
    }

    private Refusal? CheckContainer(INamedTypeSymbol type, HashSet<ITypeSymbol> visited, int depth)
    {
        if (type.IsTupleType)
        {
            foreach (IFieldSymbol element in type.TupleElements)
            {
                if (Check(element.Type, visited, depth + 1) is { } refusal)
                    return refusal.Under("." + element.Name);
            }

            return null;
        }

        bool isMap = type.TypeArguments.Length == 2;
        for (int index = 0; index < type.TypeArguments.Length; index++)
        {
            if (Check(type.TypeArguments[index], visited, depth + 1) is not { } refusal)
                continue;
            return type.ConstructedFrom.SpecialType == SpecialType.System_Nullable_T ? refusal
                : refusal.Under(isMap ? index == 0 ? "[key]" : "[value]" : "[]");
        }

        return null;
    }

    private Refusal? CheckContent(INamedTypeSymbol type, HashSet<ITypeSymbol> visited, int depth)
    {
        if (type.TypeKind is not (TypeKind.Class or TypeKind.Struct))
            return Refuse($"is {Display(type)}, which is no message", "use a readonly struct or a sealed record", type);
        bool isStruct = type.TypeKind == TypeKind.Struct;
        // The class library's reference assemblies show a made-up field instead of the real ones.
        if (isStruct && type.GetMembers("_dummy").Length > 0 && IsFromMetadata(type))
            return Refuse($"is {Display(type)} of {type.ContainingAssembly?.Name}, which is not known to be immutable", "send what is needed of it as values", type);
        if (isStruct && !type.IsReadOnly)
            return Refuse($"is the struct {Display(type)}, which is not readonly", "make it a readonly struct", type);
        if (!isStruct && CheckClass(type, visited, depth) is { } refusal)
            return refusal;

        for (INamedTypeSymbol? level = type; level is { SpecialType: SpecialType.None }; level = level.BaseType)
        {
            if (CheckFields(level, visited, depth) is { } found)
                return found;
        }

        return null;
    }

    private Refusal? CheckClass(INamedTypeSymbol type, HashSet<ITypeSymbol> visited, int depth)
    {
        // A reference assembly does not show the private fields of a class (those of a struct it does).
        if (IsFromMetadata(type))
            return Refuse($"is the class {Display(type)} of {type.ContainingAssembly?.Name}, whose private fields are not visible here", "mark it [Sendable] there, where it is checked", type);
        if (type.IsStatic)
            return Refuse("is static", "use a readonly struct or a sealed record");
        for (INamedTypeSymbol? level = type.BaseType; level is { SpecialType: SpecialType.None }; level = level.BaseType)
        {
            if (IsFromMetadata(level))
                return Refuse($"derives from {Display(level)} of {level.ContainingAssembly?.Name}, whose private fields are not visible here", "use a base class of this assembly, or none", type);
        }

        if (type.IsSealed)
            return null;
        if (!ClosedHierarchy.IsClosed(type))
        {
            return type.IsAbstract
                ? Refuse($"is the abstract class {Display(type)}, from which anything could derive", "make its constructors private and nest its derived types in it, sealed", type)
                : Refuse($"is the class {Display(type)}, which is not sealed, so a derived one could hold anything", "seal it", type);
        }

        foreach (INamedTypeSymbol nested in ClosedHierarchy.Derived(type))
        {
            if (Check(nested, visited, depth + 1) is { } refusal)
                return refusal.Under("." + nested.Name);
        }

        return null;
    }

    private Refusal? CheckFields(INamedTypeSymbol type, HashSet<ITypeSymbol> visited, int depth)
    {
        foreach (ISymbol member in type.GetMembers())
        {
            if (member.IsStatic)
                continue;
            if (member is IEventSymbol { AddMethod.IsImplicitlyDeclared: true } happening)
                return new("." + happening.Name, "is an event, whose subscribers both sides could reach", "let subscribers send an ActorRef", happening);
            if (member is not IFieldSymbol { IsConst: false } field)
                continue;
            // The field behind a property, or behind a record's parameter, goes by the property's name.
            ISymbol visible = field.AssociatedSymbol ?? Property(type, field) ?? field;
            if (ActorTypes.Has(field, types.SendableByContract) || ActorTypes.Has(visible, types.SendableByContract))
                continue;
            if (!field.IsReadOnly)
                return Writable(visible);

            if (Check(field.Type, visited, depth + 1) is { } refusal)
                return refusal.Under("." + visible.Name);
        }

        return null;
    }

    private static Refusal Writable(ISymbol field)
    {
        if (field is IPropertySymbol)
            return new("." + field.Name, "can be set after construction", "make it get-only or init", field);
        // A parameter of the primary constructor that members use: its field is <name>P.
        return field.IsImplicitlyDeclared && field.Name.StartsWith("<", StringComparison.Ordinal)
            ? new("." + field.Name.Substring(1, field.Name.IndexOf('>') - 1), "is a parameter that the primary constructor keeps, which can be written", "store it in a readonly field")
            : new("." + field.Name, "is not readonly", "make it readonly", field);
    }

    // In metadata nothing but the field's name says which property it belongs to.
    private static ISymbol? Property(INamedTypeSymbol type, IFieldSymbol field) =>
        field.Name.StartsWith("<", StringComparison.Ordinal) && field.Name.IndexOf('>') is > 1 and var end
            ? type.GetMembers(field.Name.Substring(1, end - 1)).FirstOrDefault() : null;

    private static bool IsFromMetadata(ISymbol symbol) => symbol.DeclaringSyntaxReferences.IsEmpty;

    private static Refusal Refuse(string reason, string remedy, ISymbol? culprit = null) => new("", reason, remedy, culprit);

    private static string Display(ITypeSymbol type) => type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat);
}
